package mail

import (
	"crypto/sha256"
	"fmt"
	"mime"
	"net/textproto"
	"path"
	"strings"

	"github.com/jordan-wright/email"
)

// nameRoom is how many characters of a file's name fit on a line of the header.
const nameRoom = 60

// attachment returns a file as a part of a message, with an id that no other part has. Package email writes the header as it is, so names
// are encoded and folded here: for programs that know RFC 2231, and shortened in the type for older ones.
func attachment(file File, id string) *email.Attachment {
	return &email.Attachment{
		Content: file.Content, ContentType: partType(file.ContentType) + typeName(file.Name),
		Header: textproto.MIMEHeader{"Content-Disposition": {"attachment" + fileName(file.Name)}, "Content-Id": {"<" + id + ">"}},
	}
}

// partID returns the id of the ith file of a message. Package email would give it an empty one.
func partID(message string, i int) string {
	digest := sha256.Sum256([]byte(message))
	return fmt.Sprintf("%d.%x@files", i+1, digest[:12])
}

// partType returns the type of a part with a file. Parts of messages and messages within messages mustn't be in base64 (RFC 2045, 6.4),
// and mail programs would show them as a part of the message.
func partType(contentType string) string {
	kind := mime.FormatMediaType(contentType, nil)
	if !strings.Contains(kind, "/") || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		return "application/octet-stream"
	}
	return kind
}

// typeName returns the parameter with a name in Content-Type, of which programs that need it know nothing but encoded words.
func typeName(name string) string {
	short := shortName(name)
	if isPlain(short) {
		return parameter("name", inQuotes(short))
	}
	return parameter("name", `"`+encodeWords(short, wordLimit-len(` name=""`))+`"`)
}

// shortName returns a name that fits on a line. Its extension stays.
func shortName(name string) string {
	const maxExtension = 10
	characters := []rune(name)
	if len(characters) <= nameRoom {
		return name
	}
	extension := []rune(path.Ext(name))
	if len(extension) > maxExtension {
		extension = nil
	}
	return string(characters[:nameRoom-len(extension)]) + string(extension)
}

// fileName returns the parameter with a name in Content-Disposition. One that isn't plain or short is on several lines (RFC 2231, 3 and 4).
func fileName(name string) string {
	if isPlain(name) && len(name) <= nameRoom {
		return parameter("filename", inQuotes(name))
	}
	var parts []string
	for rest := "utf-8''"; rest != "" || name != ""; rest = "" {
		part := longest(name, nameRoom-len(rest), escape)
		parts = append(parts, rest+escape(part))
		name = name[len(part):]
	}
	if len(parts) == 1 {
		return parameter("filename*", parts[0])
	}
	var all strings.Builder
	for i, part := range parts {
		all.WriteString(parameter(fmt.Sprintf("filename*%d*", i), part))
	}
	return all.String()
}

// parameter returns a parameter of a field, on a line of its own.
func parameter(name, value string) string { return ";\r\n " + name + "=" + value }

// inQuotes returns a plain text in quotes.
func inQuotes(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// escape escapes all but letters, digits and what stands for itself in a parameter (RFC 2231, 7).
func escape(text string) string {
	var escaped strings.Builder
	for _, b := range []byte(text) {
		if 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("!#$&+-.^_`{|}~", b) >= 0 {
			escaped.WriteByte(b)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", b)
		}
	}
	return escaped.String()
}
