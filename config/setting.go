// Package config reads the settings of the server from the environment and a file .env. Packages declare their settings
// with it; what people and programs need to know about them follows from the declarations: how they are read and checked,
// which names are known, where each value comes from, and the table in the documentation.
package config

// Setting declares a variable that configures the server.
type Setting struct {
	Name string
	// Value says what the text must be, and where it goes.
	Value Value
	// Default is the text that counts if the variable isn't set, or empty.
	Default string
	// Unless names a variable that, if it is set, changes the default of a flag from true to false.
	Unless string
	// Otherwise says in Markdown what is done if there is no value, unless Default does.
	Otherwise string
	// Secret keeps the value out of everything that the program writes.
	Secret bool
	// Description is a line of Markdown.
	Description string
}

// Group is the settings of one subject.
type Group struct {
	Title string
	// Reader is the package that declares and uses the settings.
	Reader string
	// Prefix, if there is one, begins only names of settings: another name with it is a mistake.
	Prefix   string
	Settings []Setting
}

// Declaration is all settings of the program.
type Declaration []Group

// all calls visit with each setting.
func (d Declaration) all(visit func(s *Setting)) {
	for _, group := range d {
		for i := range group.Settings {
			visit(&group.Settings[i])
		}
	}
}
