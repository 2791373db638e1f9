package resolvers

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"crm/db"
	"crm/db/store"
	"crm/graph"
)

// CreateUpload resolves Mutation.createUpload.
func (r mutationResolver) CreateUpload(
	ctx context.Context, input graph.CreateUploadInput,
) (*graph.CreateUploadPayload, error) {
	upload, err := r.db.CreateUpload(ctx, scopeOf(ctx), db.NewUpload{
		FileName: input.FileName, ContentType: orEmpty(input.ContentType), Size: input.Size, SHA256: orEmpty(input.Sha256),
	})
	if err != nil {
		return nil, err
	}
	url, expires := r.db.UploadAddress(upload)
	return &graph.CreateUploadPayload{UploadID: db.KindAttachment.GlobalID(upload.ID), URL: url, ExpiresAt: expires}, nil
}

// URL resolves Attachment.url.
func (r attachmentResolver) URL(ctx context.Context, obj *db.Attachment) (*string, error) {
	return r.db.AttachmentAddress(scopeOf(ctx), obj), nil
}

// ThumbnailURL resolves Attachment.thumbnailUrl.
func (r attachmentResolver) ThumbnailURL(ctx context.Context, obj *db.Attachment) (*string, error) {
	return r.db.ThumbnailAddress(scopeOf(ctx), obj), nil
}

// uploadIDs parses the ids of uploads in a mutation's input.
func uploadIDs(problems *db.Problems, in graphql.Omittable[[]string]) []store.ID {
	ids := make([]store.ID, len(in.Value()))
	for i, text := range in.Value() {
		ids[i] = problems.ID(fmt.Sprintf("input.attachments.%d", i), db.KindAttachment, text)
	}
	return ids
}
