// Package reassembly puts the fragments of IP packets together again, in whatever
// order they arrive, and refuses those that are sent to deceive: overlapping ones,
// ones too small to hold a transport header, ones that never end.
//
// It reads no clock and keeps no frame. Its memory is bounded, holds no pointers
// and is taken from the machine as it is needed. Start from Table.
package reassembly
