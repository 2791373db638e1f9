package main

import (
	"context"
	"log/slog"
	"net/http"

	"crm/db/entity"
	"crm/graph/proxy"
	"crm/graph/tracing"
)

// trace makes the observers trace what the server does, if that is configured. stop sends what hasn't been sent yet.
func (o *observers) trace(ctx context.Context, c tracing.Config, log *slog.Logger) (stop func(), err error) {
	if !c.On() {
		return func() {}, nil
	}
	t, err := tracing.New(ctx, c, version(), log)
	if err != nil {
		return nil, err
	}
	o.tracing, o.operationTraces, o.deliveryTraces, o.traceparent = t, t, t, t.Traceparent
	if o.calls == nil {
		o.calls = t
	} else {
		o.calls = callObservers{o.calls, t}
	}
	return t.Close, nil
}

// traced returns a handler whose requests are traced, if anything is.
func (o *observers) traced(next http.Handler, proxies proxy.Trusted) http.Handler {
	if o.tracing == nil {
		return next
	}
	return o.tracing.Handler(next, proxies.Sent)
}

// callObservers are told about the same calls.
type callObservers []entity.CallObserver

// StoreCall implements entity.CallObserver.
func (all callObservers) StoreCall(ctx context.Context, c entity.Call) {
	for _, observer := range all {
		observer.StoreCall(ctx, c)
	}
}
