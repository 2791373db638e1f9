package auth

// ID is an account's id: the 12 bytes of its ObjectID.
type ID = [12]byte

// Scope restricts a query to what an account may see. Every query of package db takes one, so access is checked in one
// place and can't be forgotten.
type Scope struct {
	// Role is empty for an anonymous caller, whose scope sees nothing.
	Role Role
	// Account is the id of the user or customer.
	Account ID
	// Unverified says that the account has yet to prove its e-mail address. Until then it sees nothing but itself and changes
	// nothing, so that nobody gains anything by signing up with somebody else's address.
	Unverified bool

	system bool
}

// SystemScope is the scope of the program's own work (followers of the log, commands, the demo). It sees everything, and no request
// ever gets it.
func SystemScope() Scope { return Scope{system: true} }

// SeesAll reports whether the scope sees everything.
func (s Scope) SeesAll() bool { return s.system || s.Role == Admin }

// IsStaff reports whether the scope belongs to a user of the CRM, or to the program itself.
func (s Scope) IsStaff() bool { return s.system || s.Role.IsStaff() }

// IsAccount reports whether the scope belongs to this account of this kind.
func (s Scope) IsAccount(staff bool, account ID) bool {
	return !s.system && s.Role != "" && s.Role.IsStaff() == staff && s.Account == account
}
