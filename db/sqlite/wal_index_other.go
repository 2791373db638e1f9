//go:build !unix

package sqlite

import "crm/db"

func (*walIndex) open(string) {}

func (*walIndex) read() db.Version { return db.Version{} }

func (*walIndex) unmap() {}

func (*walIndex) close() {}
