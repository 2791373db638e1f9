package files

import (
	"fmt"
	"mime"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the length of a file's name in bytes, which most file systems have.
const maxName = 255

// CleanName returns a name that is harmless wherever it is shown or a file is saved by it: without a path, without characters that
// can't be seen, reorder others or have a meaning in paths, and not too long. The extension stays.
func CleanName(name string) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), `\`, "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	name = shorten(strings.TrimLeft(strings.TrimRight(name, ". "), " "))
	if strings.Trim(name, "._ ") == "" {
		return "file"
	}
	return name
}

// shorten takes what is too much from the end of a name, before its extension.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	const maxExtension = 20
	extension := path.Ext(name)
	if len(extension) > maxExtension {
		extension = ""
	}
	end := maxName - len(extension)
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return strings.TrimRight(name[:end], ". ") + extension
}

// Disposition returns the header Content-Disposition for a file that is to be saved under that name (RFC 6266): as it is for clients
// that know RFC 8187, and in ASCII for all others.
func Disposition(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	disposition := fmt.Sprintf(`attachment; filename="%s"`, ascii)
	if ascii != name {
		disposition += "; filename*=UTF-8''" + escape(name)
	}
	return disposition
}

// escape escapes a text as RFC 8187 wants it.
func escape(text string) string {
	var escaped strings.Builder
	for _, b := range []byte(text) {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("!#$&+-.^_`|~", b) >= 0 {
			escaped.WriteByte(b)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", b)
		}
	}
	return escaped.String()
}

// CleanType returns the media type that a sender states, without parameters; it is empty if the text is none.
func CleanType(stated string) string {
	const maxType = 100
	parsed, _, err := mime.ParseMediaType(stated)
	if err != nil || !strings.Contains(parsed, "/") || len(parsed) > maxType {
		return ""
	}
	return parsed
}
