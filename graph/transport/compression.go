package transport

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// minCompressed is the size from which on an answer is compressed: a smaller one travels in one packet anyway.
	minCompressed = 1 << 10
	// zstdWindow is how far back zstd looks for what repeats. More costs memory for each answer under way, and gains nothing
	// on lists of similar elements.
	zstdWindow = 512 << 10
	// maxKeptBuffer is the size up to which a buffer is kept for the next answer.
	maxKeptBuffer = 1 << 20
)

// contentEncoding is how an answer is compressed; empty for not at all.
type contentEncoding string

const (
	notEncoded  contentEncoding = ""
	encodedGzip contentEncoding = "gzip"
	encodedZstd contentEncoding = "zstd"
)

// compressor compresses answers at the levels that are quickest for them: the next ones up take half as long again to
// save a fiftieth.
type compressor struct {
	zstd    *zstd.Encoder
	gzips   sync.Pool
	buffers sync.Pool
}

func newCompressor() *compressor {
	encoder, err := zstd.NewWriter(
		nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true),
	)
	if err != nil {
		panic(fmt.Errorf("cannot make a zstd encoder: %w", err)) // the options are wrong
	}
	return &compressor{
		zstd: encoder,
		gzips: sync.Pool{New: func() any {
			writer, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a right one
			return writer
		}},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// compress hands the compressed body to write; the body is write's only until it returns.
func (c *compressor) compress(encoding contentEncoding, body []byte, write func(compressed []byte)) {
	buffer, _ := c.buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	buffer.Grow(len(body) / 2)
	switch encoding {
	case encodedZstd:
		compressed := c.zstd.EncodeAll(body, buffer.AvailableBuffer())
		write(compressed)
	case encodedGzip:
		writer, _ := c.gzips.Get().(*gzip.Writer)
		writer.Reset(buffer)
		_, _ = writer.Write(body) // a buffer takes everything
		_ = writer.Close()
		write(buffer.Bytes())
		c.gzips.Put(writer)
	default:
		write(body)
	}
	if buffer.Cap() <= maxKeptBuffer {
		c.buffers.Put(buffer)
	}
}
