package db

import (
	"sync"
	"time"

	"crm/auth"
	"crm/db/store"
)

// How long, and for how many sessions, it is remembered that they live. The life is what another server on the same
// store needs at most to notice that a session has ended.
const (
	liveFor         = time.Second
	maxLiveSessions = 10_000
)

// liveSessions remembers which sessions live, so that a client's requests in quick succession don't ask the store each
// time. What was asked before something was forgotten is not remembered after it.
type liveSessions struct {
	mutex     sync.Mutex
	viewers   map[store.ID]liveSession
	forgotten int
	// onForget is called when something was forgotten, and must not block.
	onForget func()
}

type liveSession struct {
	viewer auth.Viewer
	until  time.Time
}

func newLiveSessions(onForget func()) *liveSessions {
	return &liveSessions{viewers: make(map[store.ID]liveSession), onForget: onForget}
}

func (l *liveSessions) get(session store.ID, now time.Time) (auth.Viewer, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	known, ok := l.viewers[session]
	return known.viewer, ok && now.Before(known.until)
}

// ask returns what put needs to know whether the answer is still good.
func (l *liveSessions) ask() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.forgotten
}

func (l *liveSessions) put(asked int, viewer auth.Viewer, now time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if asked != l.forgotten {
		return
	}
	if len(l.viewers) >= maxLiveSessions {
		clear(l.viewers)
	}
	l.viewers[viewer.Session] = liveSession{viewer: viewer, until: now.Add(liveFor)}
}

func (l *liveSessions) forget(session store.ID) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.forgotten++
	l.onForget()
	delete(l.viewers, session)
}

func (l *liveSessions) forgetAccount(account store.ID) {
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
