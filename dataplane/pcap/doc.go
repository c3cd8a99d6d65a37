// Package pcap reads capture files, frame by frame: libpcap's format with
// microseconds or nanoseconds and pcapng, of either byte order, also compressed
// with gzip. What a file holds is turned into Ethernet frames (Ethernet), whatever
// link it was captured on.
//
// It is a reader of its own because of what it has to say: a fault is told with
// the file, the frame and the byte, and what came before it has been handed out.
// Nothing in a file makes it take more memory than one frame.
//
// Start from NewReader.
package pcap
