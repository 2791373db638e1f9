// Package web sends and receives the contents of files over HTTP, at signed addresses.
package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"crm/auth"
	"crm/db"
	"crm/db/store"
	"crm/files"
	"crm/graph/apierror"
	"crm/graph/transport"
)

// transferTimeout is how long a client may take to send or accept some more of a file. Files are large and some networks slow, so the
// server's timeouts for a whole request don't hold.
const transferTimeout = 30 * time.Second

// handler serves the addresses that package db signs.
type handler struct {
	db  *db.DB
	log *slog.Logger
}

// Handler returns the handler of the paths db.UploadPath and db.FilePath. An address is enough to use it; if a request also has a
// viewer, that must be the one whom the address was made for.
func Handler(d *db.DB, log *slog.Logger) http.Handler {
	h := &handler{d, log}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT "+db.UploadPath+"{id}", h.receive)
	mux.HandleFunc("GET "+db.FilePath+"{id}", func(w http.ResponseWriter, r *http.Request) { h.send(w, r, false) })
	mux.HandleFunc("GET "+db.FilePath+"{id}"+db.ThumbnailPath, func(w http.ResponseWriter, r *http.Request) { h.send(w, r, true) })
	return mux
}

// open verifies a request's address, and returns whom it was made for, until when, and the id in it.
func (h *handler) open(r *http.Request, method string) (owner auth.AudienceKey, expires time.Time, id store.ID, err error) {
	made, expires, err := h.db.Links.Verify(method, r.URL.Path, r.URL.Query())
	if err != nil {
		return "", expires, id, store.Errorf(store.Forbidden, "%s", err.Error())
	}
	viewer, loggedIn := auth.ViewerFrom(r.Context())
	if loggedIn && string(auth.AccountKey(viewer.Role, viewer.Account)) != made {
		return "", expires, id, store.Errorf(store.Forbidden, "the address was made for another account")
	}
	id, err = db.ParseID(db.KindAttachment, r.PathValue("id"))
	return auth.AudienceKey(made), expires, id, err
}

// receive takes the content of an upload.
func (h *handler) receive(w http.ResponseWriter, r *http.Request) {
	_, _, id, err := h.open(r, http.MethodPut)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	body := &slowBody{from: r.Body, controller: http.NewResponseController(w)}
	err = h.db.ReceiveUpload(r.Context(), id, body)
	if body.failed != nil && err != nil {
		err = store.Errorf(store.BadInput, "the content ended before its end, or came too slowly")
	}
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// send sends the content of an attachment, or its thumbnail. Whatever it is, browsers save it and execute nothing in it.
func (h *handler) send(w http.ResponseWriter, r *http.Request, thumbnail bool) {
	owner, expires, id, err := h.open(r, http.MethodGet)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	attachment, content, err := h.db.OpenAttachment(r.Context(), owner, id, thumbnail)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	defer func() { _ = content.Close() }()
	header := w.Header()
	header.Set("Content-Type", files.ServedType(attachment.ContentType))
	header.Set("Content-Disposition", files.Disposition(attachment.FileName))
	header.Set("ETag", `"`+attachment.SHA256+`"`)
	if thumbnail {
		header.Set("Content-Type", files.ThumbnailType)
		header.Set("ETag", `"`+attachment.SHA256+`-thumbnail"`)
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", max(0, int(math.Ceil(time.Until(expires).Seconds())))))
	reader := &watchedContent{ReadSeekCloser: content}
	http.ServeContent(&slowWriter{w, http.NewResponseController(w)}, r, "", time.Time{}, reader)
	if reader.failed != nil && r.Context().Err() == nil {
		h.report(r, reader.failed)
	}
}

// statuses are the HTTP statuses of errors that clients may see.
var statuses = map[store.Code]int{
	store.BadInput: http.StatusUnprocessableEntity, store.Forbidden: http.StatusForbidden, store.NotFound: http.StatusNotFound,
	store.Conflict: http.StatusConflict, store.Unavailable: http.StatusServiceUnavailable, store.RateLimited: http.StatusTooManyRequests,
}

// refuse answers with an error in the form of those of GraphQL.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, known := statuses[store.CodeOf(err)]
	if !known {
		status = http.StatusInternalServerError
		if r.Context().Err() == nil {
			h.report(r, err)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": gqlerror.List{apierror.FromError(err)}}) // the client may have gone
}

func (h *handler) report(r *http.Request, err error) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	h.log.ErrorContext(r.Context(), "cannot serve a file", "kind", kind, "requestId", transport.RequestID(r.Context()), "error", err)
}

// slowBody reads a body that may come slowly, and remembers why it couldn't be read.
type slowBody struct {
	from       io.Reader
	controller *http.ResponseController
	failed     error
}

func (b *slowBody) Read(into []byte) (int, error) {
	// Not every ResponseWriter has deadlines; one without has no timeouts either. The answer comes after the content.
	_ = b.controller.SetReadDeadline(time.Now().Add(transferTimeout))
	_ = b.controller.SetWriteDeadline(time.Now().Add(2 * transferTimeout))
	n, err := b.from.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

// slowWriter writes a response that may be accepted slowly.
type slowWriter struct {
	http.ResponseWriter
	controller *http.ResponseController
}

func (w *slowWriter) Write(content []byte) (int, error) {
	_ = w.controller.SetWriteDeadline(time.Now().Add(transferTimeout)) // as above
	return w.ResponseWriter.Write(content)
}

// Unwrap is for http.ResponseController.
func (w *slowWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// watchedContent remembers why a content couldn't be read, which http.ServeContent doesn't tell.
type watchedContent struct {
	io.ReadSeekCloser
	failed error
}

func (c *watchedContent) Read(into []byte) (int, error) {
	n, err := c.ReadSeekCloser.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failed = err
	}
	return n, err
}
