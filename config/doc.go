// Package config is the FortiOS configuration tree as Go types: TOML in and
// out, factory defaults, ranges and references, with every error at its file
// and line. It is deterministic and machine-free: the same text gives the same
// tree or the same errors everywhere.
package config
