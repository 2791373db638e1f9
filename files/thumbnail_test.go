package files_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"strings"
	"testing"

	"crm/files"
)

// picture returns a picture that is red at its left and blue at its right.
func picture(width, height int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(picture, image.Rect(0, 0, width/2, height), image.NewUniform(color.RGBA{200, 0, 0, 255}), image.Point{}, draw.Src)
	draw.Draw(picture, image.Rect(width/2, 0, width, height), image.NewUniform(color.RGBA{0, 0, 200, 255}), image.Point{}, draw.Src)
	return picture
}

func encoded(t *testing.T, encode func(io.Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// turned returns a JPEG image with that EXIF orientation.
func turned(content []byte, orientation byte) []byte {
	exif := append([]byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte("\xff\xe1"), uint16(len(exif)+2))
	return bytes.Join([][]byte{content[:2], segment, exif, content[2:]}, nil)
}

// TestThumbnails makes thumbnails of pictures of each kind.
func TestThumbnails(t *testing.T) {
	t.Parallel()
	large := picture(1_200, 600)
	photograph := encoded(t, func(w io.Writer) error { return jpeg.Encode(w, large, nil) })
	webp, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		content       []byte
		mediaType     string
		width, height int
		// red is a pixel that must be red.
		red image.Point
	}{
		"png":           {encoded(t, func(w io.Writer) error { return png.Encode(w, large) }), "image/png", 256, 128, image.Pt(10, 64)},
		"jpeg":          {photograph, "image/jpeg", 256, 128, image.Pt(10, 64)},
		"gif":           {encoded(t, func(w io.Writer) error { return gif.Encode(w, large, nil) }), "image/gif", 256, 128, image.Pt(10, 64)},
		"webp":          {webp, "image/webp", 1, 1, image.Pt(-1, 0)},
		"small":         {encoded(t, func(w io.Writer) error { return png.Encode(w, picture(40, 20)) }), "image/png", 40, 20, image.Pt(5, 5)},
		"narrow":        {encoded(t, func(w io.Writer) error { return png.Encode(w, picture(3, 2_000)) }), "image/png", 1, 256, image.Pt(-1, 0)},
		"upside down":   {turned(photograph, 3), "image/jpeg", 256, 128, image.Pt(245, 64)},
		"mirrored":      {turned(photograph, 2), "image/jpeg", 256, 128, image.Pt(245, 64)},
		"turned":        {turned(photograph, 6), "image/jpeg", 128, 256, image.Pt(64, 10)},
		"turned back":   {turned(photograph, 8), "image/jpeg", 128, 256, image.Pt(64, 245)},
		"odd direction": {turned(photograph, 99), "image/jpeg", 256, 128, image.Pt(10, 64)},
	} {
		small, err := files.NewThumbnailer().Make(t.Context(), test.mediaType, bytes.NewReader(test.content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		decoded, err := jpeg.Decode(bytes.NewReader(small))
		if err != nil || decoded.Bounds().Size() != image.Pt(test.width, test.height) {
			t.Errorf("the thumbnail of %s has the size %v (%v)", name, decoded.Bounds(), err)
			continue
		}
		if r, _, b, _ := decoded.At(test.red.X, test.red.Y).RGBA(); test.red.X >= 0 && (r < 0x8000 || b > 0x4000) {
			t.Errorf("the thumbnail of %s isn't red at %v", name, test.red)
		}
	}
}

// bomb returns a small PNG image that says it has that many pixels, and has the content for many of them.
func bomb(t *testing.T, width, height uint32) []byte {
	t.Helper()
	chunk := func(kind string, data []byte) []byte {
		body := append([]byte(kind), data...)
		return binary.BigEndian.AppendUint32(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), body...), crc32.ChecksumIEEE(body))
	}
	header := append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height), 8, 6, 0, 0, 0)
	rows := encoded(t, func(w io.Writer) error {
		compressed := zlib.NewWriter(w)
		_, err := io.CopyN(compressed, zeros{}, 20<<20)
		return errorOf(err, compressed.Close())
	})
	return bytes.Join([][]byte{[]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", nil)}, nil)
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	clear(into)
	return len(into), nil
}

func errorOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestImageBombs checks that contents that would take much memory take none, and that others are no images. It isn't parallel, since
// others allocate, too.
func TestImageBombs(t *testing.T) { //nolint:paralleltest // see above
	photograph := encoded(t, func(w io.Writer) error { return jpeg.Encode(w, picture(10, 10), nil) })
	sized := func(marker, size string) []byte { // the size of the frame follows its length and precision
		at := bytes.Index(photograph, []byte("\xff\xc0"))
		large := bytes.Clone(photograph)
		copy(large[at:], marker)
		copy(large[at+5:], size)
		return large
	}
	const endless = "\xff\xff\xff\xff"
	// Pictures of 4000 × 4000 pixels, small enough with three bytes a pixel: their channels, in the frame and in the scan, are RGB and CMYK.
	rgb := func(content []byte) []byte {
		content = bytes.Replace(content, []byte("\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"), []byte("\x03R\x22\x00G\x11\x01B\x11\x01"), 1)
		return bytes.Replace(content, []byte("\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03"), []byte("\xff\xda\x00\x0c\x03R\x00G\x11B"), 1)
	}
	const cmyk = "\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" +
		"\xff\xc0\x00\x14\x08\x0f\xa0\x0f\xa0\x04\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00" +
		"\xff\xda\x00\x0e\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00"
	for name, test := range map[string]struct {
		content   []byte
		mediaType string
	}{
		"png": {bomb(t, 30_000, 30_000), "image/png"}, "endless png": {bomb(t, 0x7fffffff, 0x7fffffff), "image/png"},
		"jpeg": {sized("\xff\xc0", endless), "image/jpeg"}, "progressive jpeg": {sized("\xff\xc2", endless), "image/jpeg"},
		"rgb jpeg": {rgb(sized("\xff\xc0", "\x0f\xa0\x0f\xa0")), "image/jpeg"}, "cmyk jpeg": {[]byte(cmyk), "image/jpeg"},
		"gif": {[]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00" + strings.Repeat("\x00", 100)), "image/gif"},
		"svg": {[]byte("<svg/>"), "image/svg+xml"}, "text": {[]byte("text"), "image/png"}, "nothing": {nil, "image/jpeg"},
		"other": {[]byte("text"), "text/plain"}, "cut off": {photograph[:len(photograph)/2], "image/jpeg"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		small, err := files.NewThumbnailer().Make(t.Context(), test.mediaType, bytes.NewReader(test.content))
		runtime.ReadMemStats(&after)
		if !files.IsNoThumbnail(err) || small != nil {
			t.Errorf("%s has a thumbnail: %v", name, err)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 2<<20 {
			t.Errorf("%s takes %d bytes", name, taken)
		}
	}
}

// panicking is a content at which a decoder panics.
type panicking struct{ io.ReadSeeker }

func (panicking) Read([]byte) (int, error) { panic("index out of range") }

// TestPanickingDecoder checks that a content at which a decoder panics just has no thumbnail.
func TestPanickingDecoder(t *testing.T) {
	t.Parallel()
	thumbnailer := files.NewThumbnailer()
	if small, err := thumbnailer.Make(t.Context(), "image/png", panicking{}); !files.IsNoThumbnail(err) || small != nil {
		t.Errorf("got %d bytes and %v", len(small), err)
	}
	picture := encoded(t, func(w io.Writer) error { return png.Encode(w, picture(3, 3)) })
	if _, err := thumbnailer.Make(t.Context(), "image/png", bytes.NewReader(picture)); err != nil {
		t.Errorf("the next one fails: %v", err)
	}
}
