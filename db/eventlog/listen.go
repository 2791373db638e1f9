package eventlog

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"crm/db/store"
)

// The pauses between attempts to listen again after a failure.
const (
	shortestListenPause = time.Second
	longestListenPause  = time.Minute
)

// Listen calls wake when any process has added events to the log of a store that can tell; followers that it wakes needn't
// wait for their next poll. It returns when ctx is done, or when the store can't tell at all. wake must not block.
func Listen(ctx context.Context, s store.Store, log *slog.Logger, wake func()) {
	notifier, ok := s.(store.Notifier)
	if !ok {
		return
	}
	for pause := shortestListenPause; ; pause = min(2*pause, longestListenPause) {
		_, err := Guard(func() (any, error) {
			return nil, notifier.Notify(ctx, func() { pause = shortestListenPause; wake() })
		})
		if ctx.Err() != nil || errors.Is(err, errors.ErrUnsupported) {
			return
		}
		log.WarnContext(ctx, "cannot listen for events; followers poll until it works again",
			slog.Any("error", err), slog.Duration("retryIn", pause), StackOf(err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
