package db

import (
	"sync"
	"time"

	"crm/auth"
	"crm/db/store"
)

// How long, and for how many sessions, the cache holds that they haven't ended. Other servers on the same store notice
// the end of a session after that time at the latest.
const (
	cachedFor         = time.Second
	maxCachedSessions = 10_000
)

// sessionCache caches which sessions haven't ended, so that a client's requests in quick succession don't read the
// store each time. It doesn't cache what was read before the latest invalidation.
type sessionCache struct {
	mutex     sync.Mutex
	viewers   map[store.ID]cachedSession
	forgotten int
	// onForget is called at each invalidation, under the lock, and must not block.
	onForget func()
}

// cachedSession is a session or an API key; the latter has a secret, and networks that it may be used from.
type cachedSession struct {
	viewer               auth.Viewer
	secretHash, networks string
	until                time.Time
}

func newSessionCache(onForget func()) *sessionCache {
	return &sessionCache{viewers: make(map[store.ID]cachedSession), onForget: onForget}
}

func (l *sessionCache) get(session store.ID, now time.Time) (cachedSession, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	known, ok := l.viewers[session]
	// A clock that was set back must not lengthen the time.
	return known, ok && now.Before(known.until) && !now.Before(known.until.Add(-cachedFor))
}

// changes counts the invalidations. put needs the count from before the store was read.
func (l *sessionCache) changes() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.forgotten
}

func (l *sessionCache) put(changes int, session cachedSession, now time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if changes != l.forgotten {
		return
	}
	if len(l.viewers) >= maxCachedSessions {
		clear(l.viewers)
	}
	session.until = now.Add(cachedFor)
	l.viewers[session.viewer.Session] = session
}

func (l *sessionCache) forget(session store.ID) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.forgotten++
	l.onForget()
	delete(l.viewers, session)
}

func (l *sessionCache) forgetAccount(account store.ID) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.forgotten++
	l.onForget()
	for session, known := range l.viewers {
		if known.viewer.Account == account {
			delete(l.viewers, session)
		}
	}
}
