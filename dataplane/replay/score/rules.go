package main

import "slices"

// A strict firewall believes less than is announced. These rules say of a row of
// the truth why it does not open it; but for unread they know nothing of files.

// lowPorts are the helpers whose protocols need ports below 1024: programs of Sun
// RPC have them, and so has rsh's standard error. NetBIOS answers come to the port
// that the question came from.
var lowPorts = []string{"pmap", "rsh", "netbios-ns"}

// unread are files whose messages a strict reader reads otherwise than who wrote the
// truth, by why. It is no rule because it needs the messages' text.
var unread = map[string]string{
	"sip/suri_sip_sdp.pcap": "Content-Length ends the message before its m-lines: what is behind is discarded (RFC 3261 section 18.3)",
}

// apart are the helpers of protocols whose servers have media at other hosts. What a
// server says of its own side is believed, as far as its client may send there: a
// policy lets it reach the server.
var apart = []string{"sip"}

// strict says why a strict firewall does not open what r announces; "" where it
// does. answers says that it is not who began the control session that announces it.
func strict(r *row, answers bool) string {
	ports := r.proto == "tcp" || r.proto == "udp"
	switch {
	case unread[r.file] != "":
		return unread[r.file]
	case !ports && r.proto != "gre":
		return "it announces that there is nothing"
	case r.dst != r.from.Addr() && r.dst != r.to.Addr() && !(answers && slices.Contains(apart, r.helper)):
		return "the address is that of a third host, or of another family: whoever is asked to open it could attack that host"
	case ports && r.port == 0:
		return "there is no port 0"
	case ports && r.port < 1024 && !slices.Contains(lowPorts, r.helper):
		return "a port below 1024: services of the host live there, and no data connection does"
	case !r.begun:
		return "the beginning of the control session is not in the capture: what is read from the middle may be a part of anything"
	}
	return ""
}
