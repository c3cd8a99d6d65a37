// Package tns reads the sessions of Oracle Net (Transparent Network Substrate): a
// listener may send its client on to another port. Start from Helper; README.md
// says what is read, what is refused and why.
package tns
