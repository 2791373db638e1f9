package message

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// maxHTML is how much HTML is kept; of a longer text, only the plain text is.
const maxHTML = 1 << 20

// sanitizer returns the policy for the HTML of strangers: nothing that runs, loads or posts anything, and links that give
// nothing away.
func sanitizer() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowAttrs("data-cid").Matching(regexp.MustCompile(`^[^\s"'<>]{1,200}$`)).OnElements("img")
	p.AllowAttrs("data-remote-src").Matching(regexp.MustCompile(`^https?://[^\s"'<>]{1,1000}$`)).OnElements("img")
	return p
}

// sanitize returns HTML without what could harm a reader.
func (p *Parser) sanitize(page string) string {
	if page == "" || len(page) > 4*maxHTML {
		return ""
	}
	clean := strings.TrimSpace(p.policy.Sanitize(withoutSources(page)))
	if len(clean) > maxHTML {
		return ""
	}
	return clean
}

// withoutSources moves the sources of images to attributes that load nothing.
func withoutSources(page string) string {
	var out strings.Builder
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		raw := string(z.Raw()) // which Token changes
		token := z.Token()
		if token.Data != "img" {
			out.WriteString(raw)
			continue
		}
		kept := token.Attr[:0]
		for _, a := range token.Attr {
			switch address := strings.TrimSpace(a.Val); {
			case a.Key != "src":
				if a.Key == "alt" || a.Key == "title" || a.Key == "width" || a.Key == "height" {
					kept = append(kept, a)
				}
			case strings.HasPrefix(strings.ToLower(address), "cid:"):
				kept = append(kept, html.Attribute{Key: "data-cid", Val: address[len("cid:"):]})
			default:
				kept = append(kept, html.Attribute{Key: "data-remote-src", Val: address})
			}
		}
		token.Attr = kept
		out.WriteString(token.String())
	}
	return out.String()
}
