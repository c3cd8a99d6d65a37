// Package sane reads and spells the control connection of SANE's network protocol
// (SANE Standard 1, section 5), by which scanners are used from afar: the port at
// which the server hands out an image. Start from Helper; README.md says what is
// read, what is refused and why.
package sane
