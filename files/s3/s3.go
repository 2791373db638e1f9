// Package s3 keeps files in a bucket of Amazon S3 or of a service that is compatible with it.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"regexp"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"crm/config"
	"crm/files"
)

// Config says which bucket to use. Without Bucket, none is.
type Config struct {
	Bucket, Region, Endpoint, Prefix string
	AccessKey, SecretKey             string
}

// On reports whether a bucket is configured.
func (c Config) On() bool { return c.Bucket != "" }

// Settings declares the variables that configure the bucket.
func (c *Config) Settings() []config.Setting {
	return []config.Setting{
		{
			Name: "FILES_S3_BUCKET", Value: config.Parsed(&c.Bucket, "name", parseBucket), Otherwise: "files are with the other data",
			Description: "keep the contents of files in this bucket of Amazon S3, or of a compatible service, instead",
		},
		{Name: "FILES_S3_REGION", Value: config.Text(&c.Region, "name"), Default: "us-east-1", Description: "its region"},
		{
			Name: "FILES_S3_ENDPOINT", Value: config.Parsed(&c.Endpoint, "URL", parseEndpoint), Default: "https://s3.amazonaws.com",
			Description: "the service, if it isn't Amazon's, such as `http://minio:9000`",
		},
		{
			Name: "FILES_S3_PREFIX", Value: config.Parsed(&c.Prefix, "path", parsePrefix),
			Description: "begins the names of the files, such as `crm/`, if others use the bucket, too",
		},
		{
			Name: "FILES_S3_ACCESS_KEY", Value: config.Text(&c.AccessKey, "key"), Otherwise: "those of the machine",
			Description: "the key to read and write with; by default that in `AWS_ACCESS_KEY_ID`, or that of the machine's role in AWS",
		},
		{
			Name: "FILES_S3_SECRET_KEY", Value: config.Text(&c.SecretKey, "key"), Secret: true, Otherwise: "those of the machine",
			Description: "its secret part",
		},
	}
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixName = regexp.MustCompile(`^([A-Za-z0-9._-]+/)+$`)
)

func parseBucket(text string) (string, error) {
	if !bucketName.MatchString(text) {
		return "", errors.New("must be the name of a bucket")
	}
	return text, nil
}

func parsePrefix(text string) (string, error) {
	if !prefixName.MatchString(text) {
		return "", errors.New("must be a path that ends with /, such as crm/")
	}
	return text, nil
}

func parseEndpoint(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" || strings.Trim(parsed.Path, "/") != "" || parsed.User != nil {
		return "", errors.New("must be the URL of a service, without a path, such as https://s3.amazonaws.com")
	}
	return text, nil
}

// Check calls wrong for each setting that doesn't fit the others.
func (c *Config) Check(wrong func(variable string, err error)) {
	if (c.AccessKey == "") != (c.SecretKey == "") {
		wrong("FILES_S3_SECRET_KEY", errors.New("must be set with FILES_S3_ACCESS_KEY, and not without"))
	}
}

// Store is a files.Store in a bucket.
type Store struct {
	client *minio.Client
	config Config
}

var _ files.Store = (*Store)(nil)

// New returns the store in a bucket. It doesn't reach out for the service yet.
func New(c Config) (*Store, error) {
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("FILES_S3_ENDPOINT: %w", err)
	}
	keys := credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.IAM{}})
	if c.AccessKey != "" {
		keys = credentials.NewStaticV4(c.AccessKey, c.SecretKey, "")
	}
	client, err := minio.New(endpoint.Host, &minio.Options{Creds: keys, Secure: endpoint.Scheme == "https", Region: c.Region})
	if err != nil {
		return nil, fmt.Errorf("FILES_S3_ENDPOINT: %w", err)
	}
	return &Store{client, c}, nil
}

// Put implements files.Store, with a single request, so that no part of a file is kept in memory.
func (s *Store) Put(ctx context.Context, key string, size int64, content io.Reader) error {
	checked := files.NewChecked(content, size, "")
	_, err := s.client.PutObject(ctx, s.config.Bucket, s.config.Prefix+key, checked, size, minio.PutObjectOptions{
		ContentType: "application/octet-stream", DisableMultipart: true,
		DisableContentSha256: size == 0, // signed in parts, which is done without TLS, an empty content would have no length
	})
	if err != nil {
		return fmt.Errorf("cannot store a file: %w", err)
	}
	return nil
}

// Open implements files.Store.
func (s *Store) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	object, err := s.client.GetObject(ctx, s.config.Bucket, s.config.Prefix+key, minio.GetObjectOptions{})
	if err == nil {
		_, err = object.Stat()
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read a file: %w", err)
	}
	return object, nil
}

// Delete implements files.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.client.RemoveObject(ctx, s.config.Bucket, s.config.Prefix+key, minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("cannot remove a file: %w", err)
	}
	return nil
}

// List implements files.Store.
func (s *Store) List(ctx context.Context, each func(key string, size int64) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the listing if each fails
	for object := range s.client.ListObjects(ctx, s.config.Bucket, minio.ListObjectsOptions{Prefix: s.config.Prefix, Recursive: true}) {
		if object.Err != nil {
			return fmt.Errorf("cannot list the files: %w", object.Err)
		}
		if err := each(strings.TrimPrefix(object.Key, s.config.Prefix), object.Size); err != nil {
			return err
		}
	}
	return nil
}
