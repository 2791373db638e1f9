package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	ownOrigin    = "https://crm.example.com"
	listedOrigin = "https://app.example.com"
	otherOrigin  = "https://evil.example.org"
)

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	crossSite, sameSite := "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"
	for name, test := range map[string]struct {
		method, headers string
		refused         bool
	}{
		"no browser":                         {method: "POST"},
		"same origin":                        {method: "POST", headers: "Sec-Fetch-Site: same-origin;Origin: " + ownOrigin},
		"typed by the user":                  {method: "GET", headers: "Sec-Fetch-Site: none"},
		"listed":                             {method: "POST", headers: sameSite + ";Origin: " + listedOrigin},
		"a listed pattern":                   {method: "POST", headers: crossSite + ";Origin: https://a.apps.example.net"},
		"listed, old browser":                {method: "POST", headers: "Origin: " + listedOrigin},
		"own, old browser":                   {method: "POST", headers: "Origin: " + ownOrigin},
		"other":                              {method: "POST", headers: crossSite + ";Origin: " + otherOrigin, refused: true},
		"other of the same site":             {method: "POST", headers: sameSite + ";Origin: https://blog.example.com", refused: true},
		"other, old browser":                 {method: "POST", headers: "Origin: " + otherOrigin, refused: true},
		"hidden origin":                      {method: "POST", headers: crossSite + ";Origin: null", refused: true},
		"other with a header":                {method: "POST", headers: crossSite + ";X-Requested-With: x;Origin: " + otherOrigin, refused: true},
		"get, no browser":                    {method: "GET"},
		"get, same origin":                   {method: "GET", headers: "Sec-Fetch-Site: same-origin"},
		"get, listed":                        {method: "GET", headers: crossSite + ";Origin: " + listedOrigin},
		"get, an image of another site":      {method: "GET", headers: crossSite + ";Sec-Fetch-Mode: no-cors", refused: true},
		"get, a link on another site":        {method: "GET", headers: crossSite + ";Sec-Fetch-Mode: navigate", refused: true},
		"get, fetched by another":            {method: "GET", headers: crossSite + ";Origin: " + otherOrigin, refused: true},
		"get, with Apollo's header":          {method: "GET", headers: crossSite + ";Apollo-Require-Preflight: true"},
		"get, with X-Requested-With":         {method: "GET", headers: crossSite + ";X-Requested-With: XMLHttpRequest"},
		"get, with a token":                  {method: "GET", headers: crossSite + ";Authorization: Bearer x"},
		"get, for JSON":                      {method: "GET", headers: crossSite + ";Content-Type: application/json"},
		"get, as a form":                     {method: "GET", headers: crossSite + ";Content-Type: text/plain", refused: true},
		"get, with an empty Apollo's header": {method: "GET", headers: crossSite + ";Apollo-Require-Preflight: ", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origins, err := ParseOrigins(listedOrigin + ",https://*.apps.example.net")
			if err != nil {
				t.Fatal(err)
			}
			refused := true
			handler := CrossOrigin(origins, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { refused = false }))
			request := httptest.NewRequest(test.method, ownOrigin+"/graphql", nil)
			for header := range strings.SplitSeq(test.headers, ";") {
				if name, value, ok := strings.Cut(header, ": "); ok {
					request.Header.Set(name, value)
				}
			}
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if refused != test.refused || refused != (recorder.Code == http.StatusForbidden) {
				t.Errorf("got %d %s", recorder.Code, recorder.Body)
			}
			if refused && !strings.Contains(recorder.Body.String(), `"code":"FORBIDDEN"`) {
				t.Errorf("got %s", recorder.Body)
			}
		})
	}
}

// Without ALLOWED_ORIGINS no other origin may send requests; with * all may.
func TestCrossOriginOfNoneAndAll(t *testing.T) {
	t.Parallel()
	for list, status := range map[string]int{"": http.StatusForbidden, "*": http.StatusOK} {
		origins, err := ParseOrigins(list)
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequest(http.MethodPost, ownOrigin+"/graphql", nil)
		request.Header.Set("Origin", otherOrigin)
		request.Header.Set("Sec-Fetch-Site", "cross-site")
		recorder := httptest.NewRecorder()
		CrossOrigin(origins, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(recorder, request)
		if recorder.Code != status {
			t.Errorf("%q: got %d", list, recorder.Code)
		}
	}
}

// The error has the media type that the client accepts.
func TestCrossOriginErrorHasTheAcceptedMediaType(t *testing.T) {
	t.Parallel()
	for accept, media := range map[string]string{
		"*/*": mediaJSON, mediaGraphQL + "," + mediaJSON + ";q=0.9": mediaGraphQL, mediaEvents: mediaJSON,
	} {
		request := httptest.NewRequest(http.MethodPost, ownOrigin+"/graphql", nil)
		request.Header.Set("Origin", otherOrigin)
		request.Header.Set("Accept", accept)
		recorder := httptest.NewRecorder()
		CrossOrigin(Origins{}, http.NotFoundHandler()).ServeHTTP(recorder, request)
		if got := recorder.Header().Get("Content-Type"); recorder.Code != http.StatusForbidden || got != media+"; charset=utf-8" {
			t.Errorf("%q gets %d %s, want %s", accept, recorder.Code, got, media)
		}
	}
}
