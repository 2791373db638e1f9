package db

import (
	"sync"
	"time"

	"crm/auth"
	"crm/db/store"
)

// How long, and for how many sessions, it is remembered that they haven't ended. Another server on the same store notices
// after that time at the latest that one has.
const (
	cachedFor         = time.Second
	maxCachedSessions = 10_000
)

// sessionCache remembers which sessions haven't ended, so that a client's requests in quick succession don't ask the store
// each time. An answer to what was asked before something was forgotten is not remembered.
type sessionCache struct {
	mutex     sync.Mutex
	viewers   map[store.ID]cachedSession
	forgotten int
	// onForget is called when something was forgotten, and must not block.
	onForget func()
}

type cachedSession struct {
	viewer auth.Viewer
	until  time.Time
}

func newSessionCache(onForget func()) *sessionCache {
	return &sessionCache{viewers: make(map[store.ID]cachedSession), onForget: onForget}
}

func (l *sessionCache) get(session store.ID, now time.Time) (auth.Viewer, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	known, ok := l.viewers[session]
	return known.viewer, ok && now.Before(known.until)
}

// changes counts what may have ended a session. put needs the count from before the store was asked.
func (l *sessionCache) changes() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.forgotten
}

func (l *sessionCache) put(changes int, viewer auth.Viewer, now time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if changes != l.forgotten {
		return
	}
	if len(l.viewers) >= maxCachedSessions {
		clear(l.viewers)
	}
	l.viewers[viewer.Session] = cachedSession{viewer: viewer, until: now.Add(cachedFor)}
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
