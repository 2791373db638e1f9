package db

import (
	"time"

	"crm/auth"
	"crm/db/entity"
	"crm/db/store"
)

// Upload is a file that an account has announced, and perhaps sent, and that isn't used yet. Its id becomes that of the attachment for which
// it is used, and is the key of the file.
//
// So that no crash leaves a file that belongs to nothing, there is an upload before there is a file, and until there is an attachment
// that survives. The sweeper removes uploads at the end of their time, with their files unless an attachment has these.
type Upload struct {
	ID store.ID `db:"_id"`
	// Account is the key of the account that may use it; empty for what is left of a deleted attachment.
	Account     auth.AudienceKey `db:"account"`
	FileName    string           `db:"file_name,personal"`
	ContentType string           `db:"content_type"`
	ContentID   string           `db:"content_id,personal"`
	Size        int              `db:"size"`
	// SHA256 is the digest of the content in hexadecimal digits. Before the content has been received, it is what was announced, and may be
	// empty.
	SHA256    string `db:"sha256"`
	Thumbnail bool   `db:"thumbnail"`
	// Scan is what a virus scanner found.
	Scan FileScan `db:"scan,few" default:"clean" values:"clean quarantined infected"`
	// ReceivingUntil is until when nobody else may send the content; nil if nobody does.
	ReceivingUntil *time.Time `db:"receiving_until"`
	// StoredAt is when the content had been received, UsedAt is when an attachment was made of it.
	StoredAt  *time.Time `db:"stored_at"`
	UsedAt    *time.Time `db:"used_at"`
	CreatedAt time.Time  `db:"created_at"`
	ExpiresAt time.Time  `db:"expires_at"`
}

// Uploads declares the files that aren't used yet. Nobody sees them.
var Uploads = entity.Declare(entity.Declaration[Upload]{
	Name: "uploads", Noun: "upload",
	Volatile: true,
	Indexes: []store.Index{
		{Name: "uploads_account", Keys: []store.Key{{Field: "account"}}},
		{Name: "uploads_expires", Keys: []store.Key{{Field: "expires_at"}}},
		{Name: "uploads_used", Keys: []store.Key{{Field: "used_at"}}},
		{Name: "uploads_scan", Keys: []store.Key{{Field: "scan"}}},
	},
})

const (
	// uploadLife is for how long an upload can be used.
	uploadLife = 24 * time.Hour
	// receiveTime is how long sending a content may take.
	receiveTime = 15 * time.Minute
	// removeTime is more than it takes after that to remove what was stored, before somebody else may send the content.
	removeTime = time.Minute
	// attachTime is more than it takes to write a message with its attachments.
	attachTime = 10 * time.Minute
	// discardedLife is for how long the files of expired uploads and of deleted attachments stay, so that a backup that is being written
	// has them.
	discardedLife = time.Hour
	// maxUploads is how many uploads of an account may wait to be used.
	maxUploads = 100
	// maxTicketFiles is how many files a ticket has at most, with those of its messages.
	maxTicketFiles = 100
	// DefaultFileBytes is the default of Options.FileBytes.
	DefaultFileBytes = 25 << 20
)

// key returns the key of the upload's file.
func (u *Upload) key() string { return u.ID.String() }

// isUsable reports whether an attachment may be made of the upload.
func (u *Upload) isUsable(now time.Time) bool {
	return u.StoredAt != nil && u.UsedAt == nil && u.Scan != FileInfected && now.Before(u.ExpiresAt)
}
