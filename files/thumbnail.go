package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// ThumbnailType is the media type of thumbnails.
	ThumbnailType = "image/jpeg"
	// thumbnailSide is the longer side of a thumbnail in pixels.
	thumbnailSide = 256
	// maxDecoded is how much memory decoding an image may take. A photograph of 30 megapixels takes that much; what takes more
	// has no thumbnail.
	maxDecoded = 96 << 20
	// headBytes is how much of an image is kept to look for what the decoders don't tell.
	headBytes = 256 << 10
	quality   = 80
)

// errNoThumbnail is returned for a content that can't have a thumbnail.
var errNoThumbnail = errors.New("there is no thumbnail of this")

// IsNoThumbnail reports whether an error says that a content can't have a thumbnail.
func IsNoThumbnail(err error) bool { return errors.Is(err, errNoThumbnail) }

// format is a kind of images.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	// perPixel returns how many bytes of memory decoding takes for each pixel, given the start of the content.
	perPixel func(model color.Model, head []byte) int
}

// formats are the kinds of images that have thumbnails.
var formats = map[string]format{
	"image/png":  {png.DecodeConfig, png.Decode, pngPerPixel},
	"image/gif":  {gif.DecodeConfig, gif.Decode, func(color.Model, []byte) int { return 2 }},
	"image/webp": {webp.DecodeConfig, webp.Decode, func(color.Model, []byte) int { return 12 }},
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode, jpegPerPixel},
}

// pngPerPixel counts the image itself, and once more the passes of an interlaced one, which byte 28 tells.
func pngPerPixel(model color.Model, head []byte) int {
	size := 4
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		size = 8
	}
	if len(head) <= 28 || head[28] != 0 {
		size *= 2
	}
	return size
}

// jpegPerPixel counts the channels, the image that is made of them if these are those of RGB or CMYK, and for a progressive image four
// bytes for each coefficient.
func jpegPerPixel(model color.Model, head []byte) int {
	const progressive = "\xff\xc2" // the marker of its frame
	channels, made := 3, 0
	switch model {
	case color.RGBAModel:
		made = 4
	case color.CMYKModel:
		channels, made = 4, 4
	}
	if len(head) >= headBytes || bytes.Contains(head, []byte(progressive)) {
		made += 4 * channels
	}
	return channels + made
}

// Thumbnailer makes thumbnails, one at a time, so that their memory is bounded.
type Thumbnailer struct{ slot chan struct{} }

// NewThumbnailer returns a thumbnailer.
func NewThumbnailer() *Thumbnailer { return &Thumbnailer{make(chan struct{}, 1)} }

// Make returns a thumbnail of a content of that type. An image that would take too much memory isn't decoded, whatever the size of its
// content is.
func (t *Thumbnailer) Make(ctx context.Context, mediaType string, content io.ReadSeeker) (thumbnail []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil { // a decoder's: the content is whatever a stranger sent
			thumbnail, err = nil, fmt.Errorf("%w: its decoder panicked: %v", errNoThumbnail, cause)
		}
	}()
	f, known := formats[mediaType]
	if !known {
		return nil, errNoThumbnail
	}
	head := &start{}
	config, err := f.config(io.TeeReader(content, head))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoThumbnail, err)
	}
	if pixels := int64(config.Width) * int64(config.Height); pixels <= 0 || pixels > maxDecoded || pixels*int64(f.perPixel(config.ColorModel, head.kept)) > maxDecoded {
		return nil, fmt.Errorf("%w: it has %d × %d pixels", errNoThumbnail, config.Width, config.Height)
	}
	select {
	case t.slot <- struct{}{}:
		defer func() { <-t.slot }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("cannot read an image: %w", err)
	}
	decoded, err := f.decode(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoThumbnail, err)
	}
	var small bytes.Buffer
	err = jpeg.Encode(&small, upright(shrink(decoded), orientation(head.kept)), &jpeg.Options{Quality: quality})
	if err != nil {
		return nil, fmt.Errorf("cannot encode a thumbnail: %w", err)
	}
	return small.Bytes(), nil
}

// start keeps the start of what is written to it.
type start struct{ kept []byte }

func (s *start) Write(content []byte) (int, error) {
	s.kept = append(s.kept, content[:min(len(content), headBytes-len(s.kept))]...)
	return len(content), nil
}

// shrink returns a small image on white. A large one is first made four times as large as needed by picking pixels, which takes neither
// time nor memory, and then smooth.
func shrink(large image.Image) *image.RGBA {
	size := fit(large.Bounds().Size(), 4*thumbnailSide)
	if size != large.Bounds().Size() {
		picked := image.NewRGBA(image.Rectangle{Max: size})
		draw.ApproxBiLinear.Scale(picked, picked.Bounds(), large, large.Bounds(), draw.Src, nil)
		large = picked
	}
	small := image.NewRGBA(image.Rectangle{Max: fit(large.Bounds().Size(), thumbnailSide)})
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(small, small.Bounds(), large, large.Bounds(), draw.Over, nil)
	return small
}

// fit returns the size of an image whose longer side has at most that many pixels.
func fit(size image.Point, side int) image.Point {
	longer := max(size.X, size.Y)
	if longer <= side {
		return size
	}
	return image.Pt(max(1, size.X*side/longer), max(1, size.Y*side/longer))
}
