// Package session is the session table: records of fixed size without pointers
// in slabs, an index over both directions' keys, the tracking of protocol state,
// the expiry wheel, and the expectations that helpers make.
//
// It reads no clock: time is a Tick that the caller passes. Nothing in it locks;
// one worker owns a table.
package session
