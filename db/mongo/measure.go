package mongo

import (
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"crm/db/store"
)

var _ store.Measured = (*Store)(nil)

// pool counts what the driver reports about its connections.
type pool struct {
	open, inUse, waiting    atomic.Int64
	created, failed, clears atomic.Int64
}

// watch makes the driver report to the pool.
func (p *pool) watch(o *options.ClientOptions) {
	o.SetPoolMonitor(&event.PoolMonitor{Event: func(e *event.PoolEvent) {
		switch e.Type {
		case event.ConnectionCreated:
			p.created.Add(1)
			p.open.Add(1)
		case event.ConnectionClosed:
			p.open.Add(-1)
		case event.ConnectionCheckOutStarted:
			p.waiting.Add(1)
		case event.ConnectionCheckedOut:
			p.waiting.Add(-1)
			p.inUse.Add(1)
		case event.ConnectionCheckOutFailed:
			p.waiting.Add(-1)
			p.failed.Add(1)
		case event.ConnectionCheckedIn:
			p.inUse.Add(-1)
		case event.ConnectionPoolCleared:
			p.clears.Add(1)
		}
	}})
}

// Measures implements store.Measured.
func (s *Store) Measures() []store.Measure {
	measure := func(name, help string, value *atomic.Int64) store.Measure {
		return store.Measure{Name: "mongo_pool_" + name, Help: help, Value: float64(value.Load())}
	}
	return []store.Measure{
		measure("connections", "Open connections to MongoDB.", &s.pool.open),
		measure("connections_in_use", "Connections to MongoDB that an operation uses.", &s.pool.inUse),
		measure("waiting", "Operations that wait for a connection to MongoDB.", &s.pool.waiting),
		measure("created_total", "Connections to MongoDB that were opened.", &s.pool.created),
		measure("failed_total", "Operations that got no connection to MongoDB.", &s.pool.failed),
		measure("cleared_total", "Times that all connections to a server were given up after an error.", &s.pool.clears),
	}
}
