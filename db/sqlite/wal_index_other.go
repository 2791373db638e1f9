//go:build !unix

package sqlite

import "crm/db/store"

func (*walIndex) open(string) {}

func (*walIndex) read() store.Version { return store.Version{} }

func (*walIndex) unmap() {}

func (*walIndex) close() {}
