// Package packet is one frame as an editable view: parsed once into offsets,
// read through accessors that cannot panic after Parse returned ReasonNone,
// and rewritten in place with its checksums kept true.
//
// It never allocates, never copies a payload and never looks at a clock.
// Start from Packet; Key is what the session table is indexed by and Reason is
// the closed list of everything a packet can die of.
package packet
