package sqlite

// A reader stays in its transaction, and so in its snapshot of the database, from one read to the next until something is
// committed. Beginning and ending a transaction takes locks on the WAL, which cost more than a small read itself: finding a
// document by its id took 31 µs with a transaction for each read, and takes 8. Only this process writes the file (see
// lock.go), so it knows when a snapshot is out of date.

// readAt runs a read in a snapshot that includes at least the first commits of this process.
func (c *conn) readAt(commits uint64, run func(*conn) error) error {
	if c.commits != commits {
		c.rollback()
	}
	if c.sqlite.AutocommitEnabled() {
		if err := c.exec("BEGIN"); err != nil {
			return err
		}
		c.commits = commits
	}
	err := run(c)
	if err != nil {
		c.rollback()
	}
	return err
}

// commit commits the writer's transaction.
func (s *Store) commit(w *conn) error {
	err := w.exec("COMMIT")
	s.commits.Add(1) // also after an error, since the transaction may have been committed
	return err
}
