package helpertest

import (
	"fmt"
	"net/netip"
	"strings"

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
	// Mentioned is what is mentioned, in order; nil where that is not looked at.
	Mentioned []Announced
	// Why is the reason of the detachment; empty where there is none.
	Why string
	// Tagged says that tags are any numbers: they are told apart, and no more. In Want
	// they are numbered from 1 on as they first occur.
	Tagged bool
	// Encrypted says that the reason is TLS (helpers.Findings.Encrypted).
	Encrypted bool
}

// Announced is one announcement, or one mention, as a test writes it down.
type Announced struct {
	Dir      packet.Dir
	Endpoint string
	// How is what else there is to an announcement, in this order, a space between:
	// "udp", the protocol where it is another than the session's, "pair", "anyone",
	// "many", "from 5000", the peer's port, "tag 1f", in hexadecimal.
	How string
}

// how is Announced.How of e, announced by a session over proto.
func how(e helpers.Expect, proto uint8) string {
	var words []string
	if e.Proto != proto {
		words = append(words, packet.ProtoName(e.Proto))
	}
	for _, w := range []struct {
		word string
		said bool
	}{{"pair", e.Pair}, {"anyone", e.Anyone}, {"many", e.Many}} {
		if w.said {
			words = append(words, w.word)
		}
	}
	if e.PeerPort != 0 {
		words = append(words, fmt.Sprintf("from %d", e.PeerPort))
	}
	if e.Tag != 0 {
		words = append(words, fmt.Sprintf("tag %x", e.Tag))
	}
	return strings.Join(words, " ")
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
	Kind     eventKind
	Turn     int
	Dir      packet.Dir
	Off      int            // of the edit, from the start of the direction's stream
	Expect   helpers.Expect // of a mention its endpoint and edit, of a length its edit
	From, To int            // of a length, from the start of the direction's stream
}

type eventKind uint8

const (
	eventAnnounce eventKind = iota
	eventMention
	eventLength
	eventCancel
	eventCancelTag // Expect.Tag is cancelled
	eventEndTag    // Expect.Tag ends
	eventRenewTag  // Expect.Tag waits for Expect.Lifetime
	eventKeep      // the session is to last for Expect.Lifetime
	eventOver
)
