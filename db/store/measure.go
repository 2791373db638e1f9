package store

// Measured is a Store that knows figures about its state, for operators.
type Measured interface {
	// Measures returns the figures, always in the same order. It must be cheap, and neither wait for a database nor fail.
	Measures() []Measure
}

// Measure is a figure about a store.
type Measure struct {
	// Name begins with the engine's and ends with the unit, as in "sqlite_wal_bytes". It ends with "_total" if the figure
	// only grows.
	Name, Help string
	Value      float64
	// Sizes, if not nil, makes it a distribution: Sizes[i] is how many of the observed values were at most 2 to the power of i.
	// Value is then the sum of all.
	Sizes []uint64
}
