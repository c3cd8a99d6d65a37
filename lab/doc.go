// Package lab builds small networks out of Linux network namespaces, starts
// programs in them and takes everything down again. The demo, the end-to-end
// tests and the benchmarks all stand on it.
//
// Namespaces are anonymous: they exist only as long as this process holds them
// open, so that nothing is left behind even when it is killed. It needs no
// external tool. It needs root, or [EnterUserNamespace], which gives an
// ordinary user a root of its own in a user namespace.
package lab
