package sctp

// Types of chunks that matter here (RFC 9260 section 3.2, RFC 4895).
const (
	Init             = 1
	InitAck          = 2
	Abort            = 6
	Shutdown         = 7
	ShutdownAck      = 8
	Error            = 9
	CookieEcho       = 10
	CookieAck        = 11
	ShutdownComplete = 14
	auth             = 15
)

// reflected is the T bit of an ABORT and of a SHUTDOWN COMPLETE: whoever sent it
// knows no association, and wrote the tag of the packet that it answers.
const reflected = 1

// Packet is what the tracker looks at.
type Packet struct {
	Tag   uint32 // of the common header
	Offer uint32 // the initiate tag of an INIT or INIT ACK; 0 where there is none

	kinds     uint16 // the types that matter, by bit
	first     uint8  // the type of the first chunk but AUTH
	chunks    uint16 // how many there are, AUTH not counted; at most 2 of them
	reflected bool
}

// Add adds a chunk of the packet, in their order. offer is the initiate tag of an
// INIT or INIT ACK.
func (p *Packet) Add(typ, flags uint8, offer uint32) {
	if typ == auth { // it may stand before any other
		return
	}
	if p.chunks == 0 {
		p.first = typ
	}
	p.chunks = min(p.chunks+1, 2)
	if typ < 16 {
		p.kinds |= 1 << typ
	}
	switch typ {
	case Init, InitAck:
		p.Offer = offer
	case Abort, ShutdownComplete:
		p.reflected = flags&reflected != 0
	}
}

// Has says whether there is a chunk of that type, one of those above.
func (p *Packet) Has(typ uint8) bool { return p.kinds>>typ&1 != 0 }

// bundled says whether the packet has chunks side by side that must stand alone,
// or behind others that must stand first (RFC 9260 sections 5.1 and 6.10).
func (p *Packet) bundled() bool {
	const alone, first = 1<<Init | 1<<InitAck | 1<<ShutdownComplete, 1<<CookieEcho | 1<<CookieAck
	return p.kinds&alone != 0 && p.chunks > 1 || p.kinds&first != 0 && 1<<p.first&first == 0
}

// Opens says whether the packet may open an association: an INIT as it must be.
func (p *Packet) Opens() bool {
	return p.Has(Init) && !p.bundled() && p.Tag == 0 && p.Offer != 0
}

// Midway says whether the packet is of an association that is established, so that
// it may be picked up from there.
func (p *Packet) Midway() bool {
	const never = 1<<Init | 1<<InitAck | 1<<Abort | 1<<ShutdownAck | 1<<Error | 1<<CookieEcho | 1<<CookieAck | 1<<ShutdownComplete
	return p.kinds&never == 0 && p.chunks > 0 && p.Tag != 0
}
