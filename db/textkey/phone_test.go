package textkey

import "testing"

func TestPhoneKeys(t *testing.T) {
	t.Parallel()
	german := New("DE", Collation{})
	const number, key = "+49301234567", " 49301234567 0301234567 "
	for text, want := range map[string]struct{ number, key string }{
		"+49 30 1234567":                     {number, key},
		"030 1234567":                        {number, key},
		"(+49) 30 1234567":                   {number, key},
		"030/123-45.67":                      {number, key},
		"030\u00a0123\u201145\u201367":       {number, key},
		"\u202a030 1234567\u202c":            {number, key},
		"+49 (0)30 1234567":                  {number, key + "490301234567 "},
		"0049 30 1234567":                    {number, key + "0049301234567 "},
		"tel:+49-30-1234567":                 {number, key + "tel "},
		"０３０ １２３４５６７":                        {number, key},
		"＋４９　３０　１２３４５６７":                     {number, key},
		"٠٣٠ ١٢٣٤٥٦٧":                        {number, key},
		"030 1234567 x12":                    {number, key + "x12 "},
		"030 1234567 ext. 12":                {number, key + "x12 "},
		"030 1234567 Ext 12":                 {number, key + "x12 "},
		"030 1234567, extension 12":          {number, key + "x12 "},
		"030 1234567 #12":                    {number, key + "x12 "},
		"030 1234567 (x12)":                  {number, key + "x12 "},
		"030 1234567 Durchwahl 12":           {number, key + "x12 "},
		"tel:+49-30-1234567;ext=12":          {number, key + "x12 tel "},
		"030 1234567 (privat)":               {number, key + "privat "},
		"Tel. 030 1234567 (Frau Müller, ab)": {number, key + "tel frau müller, ab "},
		"privat: 030 1234567":                {number, key + "privat "},
		"030 1234567 / 0171 1234567":         {number, key + "491711234567 01711234567 "},
		"030 / 1234567":                      {number, key},
		"030 / 123 45 67":                    {number, key},
		"+49 (0) 30 / 123 45 67":             {number, key + "490301234567 "},
		"030 / 1234567 / 0171 / 1234567":     {number, key + "491711234567 01711234567 "},
		"030 1234567 / 68":                   {number, key + "68 "},
		"089 / 55 44 33":                     {"+4989554433", " 4989554433 089554433 "},
		"+49 40 / 42838-0":                   {"+4940428380", " 4940428380 040428380 "},
		"0171 / 123 45 67":                   {"+491711234567", " 491711234567 01711234567 "},
		"0711 / 1234-567":                    {"+497111234567", " 497111234567 07111234567 "},
		"+43 1 / 234 56 78":                  {"+4312345678", " 4312345678 012345678 "},
		"030 1234567 oder 0171 1234567":      {number, key + "491711234567 01711234567 oder "},
		"+1 800-FLOWERS":                     {"+18003569377", " 18003569377 8003569377 1800 "},
		"+91 22 6778 9999":                   {"+912267789999", " 912267789999 02267789999 "},
		"110":                                {"", " 110 "},
		"12345":                              {"", " 12345 "},
		"+999 12345":                         {"", " 99912345 "},
		"privat":                             {"", " privat "},
		"":                                   {"", "  "},
	} {
		got := german.International(&text)
		if (got == nil) != (want.number == "") || got != nil && *got != want.number || german.Digits(text) != want.key {
			t.Errorf("%q has the number %v and the key %q, want %q and %q", text, deref(got), german.Digits(text), want.number, want.key)
		}
	}
	anywhere := Default()
	national, international := "030 1234567", "+49 30 1234567"
	if got, key := anywhere.International(&national), anywhere.Digits(national); got != nil || key != " 0301234567 " {
		t.Errorf("without a region, a national number has the number %v and the key %q", deref(got), key)
	}
	if got, key := anywhere.International(&international), anywhere.Digits(international); deref(got) != number || key != " 49301234567 0301234567 " {
		t.Errorf("without a region, an international number has the number %v and the key %q", deref(got), key)
	}
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func TestSoughtDigits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"49301234": "49301234", "+49 30 1234": "49301234", "+49 (0)30-1234": "49301234", "0049 30 1234": "49301234", "(0)30 1234": "0301234",
		"٣٠١٢": "3012", "３０１２": "3012", "30\u20111234": "301234", "x": "x", "": "", "30 12 x9": "3012 x9", "Privat": " privat", "30 (privat)": "30 privat",
	} {
		sought := SoughtDigits(text)
		got := sought.Digits
		for _, word := range sought.Words {
			got += " " + word
		}
		if got != want && got != " "+want {
			t.Errorf("%q is sought as %q, want %q", text, got, want)
		}
	}
}

func TestParseRegion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Region{"": "", "DE": "DE", "in": "IN"} {
		if got, err := ParseRegion(text); got != want || err != nil {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"DEU", "XX", "49", "Germany", " DE"} {
		if got, err := ParseRegion(text); err == nil {
			t.Errorf("%q is %q", text, got)
		}
	}
}
