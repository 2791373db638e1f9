package mongo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// chunkSize is the size of the chunks of a file, which drivers use by default.
const chunkSize = 255 << 10

// Files keeps the contents of files by key, in the format of GridFS: MongoDB's tools and drivers read them. It has the methods that
// package files asks for. The driver's own writer of GridFS isn't used, because it takes 16 MB of memory for each file that is written.
type Files struct {
	store   *Store
	indexed sync.Mutex
	ready   bool
}

// Files returns the files in the database.
func (s *Store) Files() *Files { return &Files{store: s} }

// gridFile is the document of a file in fs.files.
type gridFile struct {
	Key        string    `bson:"_id"`
	Length     int64     `bson:"length"`
	ChunkSize  int32     `bson:"chunkSize"`
	UploadDate time.Time `bson:"uploadDate"`
	Name       string    `bson:"filename"`
}

func (f *Files) files() *driver.Collection  { return f.store.database.Collection("fs.files") }
func (f *Files) chunks() *driver.Collection { return f.store.database.Collection("fs.chunks") }

// ensureIndexes builds the indexes that GridFS prescribes, before the first file is written.
func (f *Files) ensureIndexes(ctx context.Context) error {
	f.indexed.Lock()
	defer f.indexed.Unlock()
	if f.ready {
		return nil
	}
	_, err := f.files().Indexes().CreateOne(ctx, driver.IndexModel{Keys: bson.D{{Key: "filename", Value: 1}, {Key: "uploadDate", Value: 1}}})
	if err == nil {
		_, err = f.chunks().Indexes().CreateOne(ctx, driver.IndexModel{
			Keys: bson.D{{Key: "files_id", Value: 1}, {Key: "n", Value: 1}}, Options: options.Index().SetUnique(true),
		})
	}
	f.ready = err == nil
	return err
}

// Put stores a file of that size; see files.Store. The document in fs.files comes last and makes the file exist.
func (f *Files) Put(ctx context.Context, key string, size int64, content io.Reader) error {
	if err := f.ensureIndexes(ctx); err != nil {
		return filesError(ctx, err)
	}
	if err := f.Delete(ctx, key); err != nil {
		return err
	}
	err := f.putChunks(ctx, key, size, content)
	if err == nil {
		_, err = f.files().InsertOne(ctx, gridFile{Key: key, Length: size, ChunkSize: chunkSize, UploadDate: time.Now().UTC(), Name: key})
		err = filesError(ctx, err)
	}
	if err != nil {
		return errors.Join(err, f.Delete(context.WithoutCancel(ctx), key))
	}
	return nil
}

func (f *Files) putChunks(ctx context.Context, key string, size int64, content io.Reader) error {
	buffer := make([]byte, min(chunkSize, size+1))
	written := int64(0)
	for n := int32(0); ; n++ {
		read, err := io.ReadFull(content, buffer)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return fmt.Errorf("cannot store a file: %w", err)
		}
		if written += int64(read); read > 0 {
			chunk := bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "files_id", Value: key}, {Key: "n", Value: n}, {Key: "data", Value: buffer[:read]}}
			if _, err := f.chunks().InsertOne(ctx, chunk); err != nil {
				return filesError(ctx, err)
			}
		}
		switch {
		case ended && written == size:
			return nil
		case ended || written > size:
			return fmt.Errorf("cannot store a file: it has %d bytes or more, not %d", written, size)
		}
	}
}

// Delete removes a file; see files.Store.
func (f *Files) Delete(ctx context.Context, key string) error {
	_, err := f.files().DeleteOne(ctx, bson.D{{Key: "_id", Value: key}})
	if err == nil {
		_, err = f.chunks().DeleteMany(ctx, bson.D{{Key: "files_id", Value: key}})
	}
	return filesError(ctx, err)
}

// List calls each with every file; see files.Store.
func (f *Files) List(ctx context.Context, each func(key string, size int64) error) error {
	found, err := f.files().Find(ctx, bson.D{})
	if err != nil {
		return filesError(ctx, err)
	}
	defer func() { _ = found.Close(ctx) }()
	for found.Next(ctx) {
		var file gridFile
		if err := found.Decode(&file); err != nil {
			return fmt.Errorf("cannot list the files: %w", err)
		}
		if err := each(file.Key, file.Length); err != nil {
			return err
		}
	}
	return filesError(ctx, found.Err())
}

// Open returns the content of a file; see files.Store.
func (f *Files) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	var file gridFile
	err := f.files().FindOne(ctx, bson.D{{Key: "_id", Value: key}}).Decode(&file)
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, fmt.Errorf("cannot read a file: %w", fs.ErrNotExist)
	}
	if err != nil {
		return nil, filesError(ctx, err)
	}
	if file.ChunkSize <= 0 {
		return nil, fmt.Errorf("cannot read file %s: its chunks have size %d", key, file.ChunkSize)
	}
	return &gridReader{ctx: ctx, chunks: f.chunks(), file: file, loaded: -1}, nil
}

// filesError is FromMongoError for the collections of files.
func filesError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot use the files: %w", FromMongoError(ctx, nil, err))
}

// gridReader reads a file chunk by chunk, from anywhere.
type gridReader struct {
	ctx    context.Context //nolint:containedctx // of the request that reads the file
	chunks *driver.Collection
	file   gridFile
	at     int64
	// chunk is the content of the chunk with the number loaded.
	chunk  []byte
	loaded int64
}

// Read implements io.Reader.
func (r *gridReader) Read(into []byte) (int, error) {
	if r.at >= r.file.Length {
		return 0, io.EOF
	}
	n, offset := r.at/int64(r.file.ChunkSize), r.at%int64(r.file.ChunkSize)
	if n != r.loaded {
		if err := r.load(n); err != nil {
			return 0, err
		}
	}
	if offset >= int64(len(r.chunk)) {
		return 0, fmt.Errorf("cannot read file %s: chunk %d is too short", r.file.Key, n)
	}
	copied := copy(into, r.chunk[offset:])
	r.at += int64(copied)
	return copied, nil
}

func (r *gridReader) load(n int64) error {
	raw, err := r.chunks.FindOne(r.ctx, bson.D{{Key: "files_id", Value: r.file.Key}, {Key: "n", Value: n}}).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return fmt.Errorf("cannot read file %s: chunk %d is missing", r.file.Key, n)
	}
	if err != nil {
		return filesError(r.ctx, err)
	}
	_, data, ok := raw.Lookup("data").BinaryOK()
	if !ok {
		return fmt.Errorf("cannot read file %s: chunk %d has no data", r.file.Key, n)
	}
	r.chunk, r.loaded = data, n
	return nil
}

// Seek implements io.Seeker.
func (r *gridReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.file.Length
	}
	if offset < 0 {
		return 0, errors.New("cannot read a file before its start")
	}
	r.at = offset
	return offset, nil
}

// Close implements io.Closer.
func (*gridReader) Close() error { return nil }
