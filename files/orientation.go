package files

import (
	"bytes"
	"encoding/binary"
	"image"
)

// Cameras store photographs as the sensor saw them, and how they were held in the EXIF tag "orientation", one of eight.
const (
	orientationTag = 0x0112
	uprightAlready = 1
)

// orientation returns the orientation in the start of a JPEG image.
func orientation(head []byte) int {
	_, tiff, found := bytes.Cut(head, []byte("Exif\x00\x00"))
	if !found || len(tiff) < 8 {
		return uprightAlready
	}
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return uprightAlready
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		const entrySize = 12
		if len(entries) < entrySize {
			break
		}
		if order.Uint16(entries) == orientationTag {
			if value := int(order.Uint16(entries[8:])); value >= 1 && value <= 8 {
				return value
			}
			break
		}
		entries = entries[entrySize:]
	}
	return uprightAlready
}

// upright returns an image of that orientation as it was meant.
func upright(stored *image.RGBA, orientation int) image.Image {
	if orientation == uprightAlready {
		return stored
	}
	size := stored.Bounds().Size()
	turned := orientation >= 5 // by a quarter
	if turned {
		size.X, size.Y = size.Y, size.X
	}
	meant := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			from := image.Pt(x, y)
			switch orientation { // where the pixel at x, y comes from
			case 2:
				from = image.Pt(size.X-1-x, y)
			case 3:
				from = image.Pt(size.X-1-x, size.Y-1-y)
			case 4:
				from = image.Pt(x, size.Y-1-y)
			case 5:
				from = image.Pt(y, x)
			case 6:
				from = image.Pt(y, size.X-1-x)
			case 7:
				from = image.Pt(size.Y-1-y, size.X-1-x)
			case 8:
				from = image.Pt(size.Y-1-y, x)
			}
			meant.SetRGBA(x, y, stored.RGBAAt(from.X, from.Y))
		}
	}
	return meant
}
