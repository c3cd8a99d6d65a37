// Package config is the FortiOS configuration tree as Go types: TOML in and
// out, factory defaults, ranges and references, with every error at its file
// and line. It is deterministic and machine-free: the same text gives the same
// tree or the same errors everywhere.
//
// It never looks at the machine, opens nothing but the file it is told to, and
// resolves nothing: a Config names interfaces, addresses and services, and
// that each name has an entry is all that is known of it.
//
// Start from Load and Config. Schema describes every table and attribute; what
// is decoded, checked, printed and documented comes from there.
package config
