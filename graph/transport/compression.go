package transport

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// minCompressed is the minimum size of a compressed response: a smaller one fits into one packet anyway.
	minCompressed = 1 << 10
	// zstdWindow is how far back zstd looks for repetitions. More would cost memory for each response under way, and gain
	// nothing on lists of similar elements.
	zstdWindow = 512 << 10
	// maxKeptBuffer is the maximum size of a buffer that is kept for reuse.
	maxKeptBuffer = 1 << 20
)

// contentEncoding is the compression of a response; empty for none.
type contentEncoding string

const (
	notEncoded  contentEncoding = ""
	encodedGzip contentEncoding = "gzip"
	encodedZstd contentEncoding = "zstd"
)

// compressor compresses responses at the fastest levels: the next higher levels take half as long again to save a
// fiftieth.
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
		panic(fmt.Errorf("cannot create a zstd encoder: %w", err)) // the options are invalid
	}
	return &compressor{
		zstd: encoder,
		gzips: sync.Pool{New: func() any {
			writer, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
			return writer
		}},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// compress passes the compressed body to write, which must not keep it.
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
		_, _ = writer.Write(body) // writing to a buffer never fails
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
