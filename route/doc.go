// Package route compiles interface addresses and static routes into one
// immutable table: where a destination goes, which addresses are the box's own,
// whether a source could be answered through the interface it came in by, and
// which address an interface speaks from.
//
// Of the routes of one prefix, those of the lowest distance are active; among
// them the lowest priority forwards, and the configured order decides between
// equals. Connected routes have distance 0. A lookup takes the longest prefix.
//
// A table never changes. When a link goes down, Without makes the table that
// holds without it, and whoever holds the old one stores the new one: a lookup
// stays a single search and link changes are rare.
//
// The package reads no clock and starts no goroutine; a Table may be read by
// many workers at once. It imports config and packet.
package route
