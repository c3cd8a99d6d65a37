package helpertest

import (
	"net/netip"

	"portcullis/helpers"
	"portcullis/packet"
)

// Turn is what one side says before the other side answers. Over UDP it is one
// datagram.
type Turn struct {
	Dir  packet.Dir
	Text string
}

// Client is a turn of whoever opened the session.
func Client(text string) Turn { return Turn{packet.Original, text} }

// Server is a turn of whoever answers.
func Server(text string) Turn { return Turn{packet.Reply, text} }

// Dialogue is a session in the words of its two sides.
type Dialogue struct {
	Name string
	// Proto is packet.ProtoTCP where it is 0.
	Proto uint8
	// Client and Server are the two ends; where they are not valid
	// 192.0.2.10:40000 and 198.51.100.20:21.
	Client, Server netip.AddrPort
	Turns          []Turn
	// Want is what is announced, in order.
	Want []Announced
	// Why is the reason of the detachment; empty where there is none.
	Why string
	// Encrypted says that the reason is TLS (helpers.Findings.Encrypted).
	Encrypted bool
}

// Announced is one announcement as a test writes it down.
type Announced struct {
	Dir      packet.Dir
	Endpoint string
}

func (d Dialogue) filled() Dialogue {
	if d.Proto == 0 {
		d.Proto = packet.ProtoTCP
	}
	if !d.Client.IsValid() {
		d.Client = netip.MustParseAddrPort("192.0.2.10:40000")
	}
	if !d.Server.IsValid() {
		d.Server = netip.MustParseAddrPort("198.51.100.20:21")
	}
	return d
}

// ends returns the sender of dir and its peer.
func (d *Dialogue) ends(dir packet.Dir) (src, dst netip.AddrPort) {
	if dir == packet.Original {
		return d.Client, d.Server
	}
	return d.Server, d.Client
}

// event is one thing that a helper found, with its place in the stream.
type event struct {
	Turn   int
	Dir    packet.Dir
	Kind   eventKind
	Call   int            // calls of Inspect that found something
	Off    int            // of the edit, from the start of the direction's stream
	Expect helpers.Expect // of a mention its endpoint, of both and of a length the edit
	From   int            // of a length, from the start of the direction's stream
	To     int
}

type eventKind uint8

const (
	eventExpect eventKind = iota
	eventMention
	eventLength
	eventCancel // of everything, or of a tag: Off
	eventEnd    // of a tag: Off
	eventRenew  // of a tag: Off, for so long: To
)
