// Package pptp reads and spells the control connection of the Point-to-Point
// Tunneling Protocol (RFC 2637): the messages that begin, name and end calls, whose
// data is GRE of version 1. Start from Helper; README.md says what is read, what is
// refused and why.
package pptp
