package store

// Observable is a Store that knows of every change of its database, because nobody else writes to it.
type Observable interface {
	Store
	// Observe makes the store tell an observer about all changes of documents of these collections. It is called at most
	// once, and before any other operation.
	Observe(o Observer, collections []*Collection)
}

// Observer is told about changes. Its methods must not block, and are never called at the same time.
type Observer interface {
	// Changing is called for a document that is about to change, before anybody can read the change. ids are the values of
	// its fields of TypeID, in the order of the collection's fields, with a zero ID for null. It is called once with the
	// values before the change and once with those after it, but only once if they are the same or if there are none
	// before or after it.
	Changing(c *Collection, ids []ID)
	// Changed is called when all changes since the last call can be read, or have been undone. Every read that begins
	// after the call finds them.
	Changed()
}
