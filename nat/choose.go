package nat

import "portcullis/packet"

const (
	freeTries   = 8   // ports that nobody has, but whose tuple is taken
	shareProbes = 128 // ports that others have

	barrenProbes = 2 // likewise, where there was none a moment ago
	pairTries    = 4
)

// window is where a port is looked for: in the range first to last of an address.
type window struct {
	h           *holder
	class       portClass
	first, last uint16
	keep        bool // the port that the probe has is welcome where the window holds it
	any         bool // and where it does not
	fixed       bool // no other one
	alone       bool // nobody else may have it
	few         bool // guesses are enough
	barren      bool // share has guessed here in vain before
}

// choose sets the port of the probe, which has the client's, so that its tuple is
// free, and occupies it.
func (s *Space) choose(w *window, use InUse) (Hold, bool) {
	if hold, ok := s.own(w, use); ok || w.fixed {
		return hold, ok
	}
	if hold, ok := s.free(w, use); ok || w.alone {
		return hold, ok
	}
	return s.share(w, use)
}

// own tries the client's own port.
func (s *Space) own(w *window, use InUse) (Hold, bool) {
	n := *port(&s.probe)
	if !w.keep && !w.fixed || n == 0 && w.class != classICMP || !w.any && !w.fixed && (n < w.first || n > w.last) {
		return HoldNothing, false
	}
	taken := w.h.taken(w.class, n)
	if taken && (w.alone || w.h.blocks.owns(n) || s.mappedPort(n)) || w.alone && s.notAlone(n) || use.Taken(&s.probe) {
		return HoldNothing, false
	}
	return s.have(w, n), true
}

// have occupies a port, whoever else has it.
func (s *Space) have(w *window, n uint16) Hold {
	if w.h.taken(w.class, n) {
		w.h.join(w.class, n)
		return HoldShared
	}
	s.take(w.h, w.class, n)
	return HoldPort
}

// mappedPort says whether a mapping has port n of the probe's address.
func (s *Space) mappedPort(n uint16) bool { return s.maps.has(outer{s.probe.Dst, n, s.probe.Proto}) }

// notAlone says whether port n, which no session occupies, can not be one client's
// alone.
func (s *Space) notAlone(n uint16) bool { return s.spokenFor(n) || s.mappedPort(n) }

// spokenFor says whether the configuration keeps port n of the probe's address.
func (s *Space) spokenFor(n uint16) bool {
	return s.reserved != nil && s.reserved.Reserves(s.probe.Dst, s.probe.Proto, n)
}

// free tries ports that nobody has. UDP keeps the parity of the client's port, and
// the port behind an even one goes to the one behind it (RFC 4787 section 4.2.2
// and 4.2.3).
func (s *Space) free(w *window, use InUse) (Hold, bool) {
	client := *port(&s.probe)
	want := either
	if w.class == classUDP {
		want = parityOf(client)
		if s.second(w, client, use) {
			return HoldPort, true
		}
	}
	for {
		if s.someFree(w, want, use) {
			s.pairs.note(s.client, &s.probe, client)
			return HoldPort, true
		}
		if want == either {
			return HoldNothing, false
		}
		want = either
	}
}

// someFree occupies a port of that parity that nobody has.
func (s *Space) someFree(w *window, want parity, use InUse) bool {
	start := w.first + uint16(s.below(uint32(w.last)-uint32(w.first)+1))
	for try := range freeTries {
		n, ok := start, true
		if set := w.h.ports[w.class]; set != nil {
			n, ok = set.find(w.first, w.last, start, want)
		} else if want != either && parityOf(n) != want {
			n ^= 1
			ok = n >= w.first && n <= w.last
		}
		if !ok {
			return false
		}
		if start = n + 1; n == w.last {
			start = w.first
		}
		if want == even && try < pairTries && (n == w.last || w.h.taken(w.class, n+1)) {
			continue // its neighbour may be wanted next
		}
		*port(&s.probe) = n
		if w.alone && s.notAlone(n) || use.Taken(&s.probe) {
			continue
		}
		s.take(w.h, w.class, n)
		return true
	}
	return false
}

// share guesses a port that others have for other destinations. Where that was in
// vain a moment ago it guesses less often.
func (s *Space) share(w *window, use InUse) (Hold, bool) {
	size, probes := uint32(w.last)-uint32(w.first)+1, shareProbes
	at, is := s.barren.slot(&s.probe)
	if w.barren = *at == is; w.barren || w.few {
		probes = barrenProbes
	}
	for range probes {
		n := w.first + uint16(s.below(size))
		*port(&s.probe) = n
		if w.h.blocks.owns(n) || s.mappedPort(n) || use.Taken(&s.probe) {
			continue
		}
		s.barren.clear(at, is)
		return s.have(w, n), true
	}
	if !w.few {
		s.barren.note(at, is)
	}
	return HoldNothing, false
}

// deserts remembers from which addresses to which servers no port was found that
// could be shared. What does not fit gives way.
type deserts struct {
	list [2048]desert
	used int
}

type desert struct {
	addr, server packet.Addr
	port         uint16
	proto        uint8
}

// slot is the place of what probe, a reply key, would come from and to: one of two.
func (d *deserts) slot(probe *packet.Key) (*desert, desert) {
	is := desert{addr: probe.Dst, server: probe.Src, proto: probe.Proto}
	if classOf(probe.Proto) != classICMP {
		is.port = probe.SrcPort
	}
	at := (mix(is.addr) ^ mix(is.server)*3 ^ uint64(is.port)*0x9e3779b97f4a7c15) >> 53
	one, other := &d.list[at], &d.list[at^1]
	if *other == is || *one != is && *other == (desert{}) {
		return other, is
	}
	return one, is
}

func (d *deserts) note(at *desert, is desert) {
	if *at == (desert{}) {
		d.used++
	}
	*at = is
}

func (d *deserts) clear(at *desert, is desert) {
	if *at == is {
		*at = desert{}
		d.used--
	}
}

// relieve forgets what was remembered, since a session that was there has ended.
func (d *deserts) relieve(reply *packet.Key) {
	if d.used > 0 {
		at, is := d.slot(reply)
		d.clear(at, is)
	}
}

// pairs remembers which even port was chosen for a client's even port, for the odd
// one behind it: of media streams the two belong together (RFC 3550 section 11).
// What does not fit gives way.
type pairs [1024]pair

type pair struct {
	client       packet.Addr
	addr         packet.Addr
	port, chosen uint16
}

func (p *pairs) slot(client packet.Addr, port uint16) *pair {
	return &p[(mix(client)^uint64(port)*0x9e3779b97f4a7c15)>>54]
}

// note remembers the choice for an even port of UDP. probe is its reply key.
func (p *pairs) note(client packet.Addr, probe *packet.Key, port uint16) {
	if probe.Proto == packet.ProtoUDP && port&1 == 0 {
		*p.slot(client, port) = pair{client: client, addr: probe.Dst, port: port, chosen: probe.DstPort}
	}
}

// second occupies the port behind the one that was chosen for the client's port
// before this one.
func (s *Space) second(w *window, client uint16, use InUse) bool {
	if client&1 == 0 {
		return false
	}
	p := s.pairs.slot(s.client, client-1)
	n := p.chosen + 1
	if p.client != s.client || p.port != client-1 || p.addr != s.probe.Dst || n < w.first || n > w.last || w.h.taken(w.class, n) {
		return false
	}
	s.probe.DstPort = n
	if w.alone && s.notAlone(n) || use.Taken(&s.probe) {
		s.probe.DstPort = client
		return false
	}
	s.take(w.h, w.class, n)
	return true
}

// mix spreads an address over 64 bits, the same in every run.
func mix(a packet.Addr) uint64 {
	x := (a.Hi ^ a.Lo*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	x ^= x >> 31
	return x * 0x94d049bb133111eb
}
