package engine

import (
	"fmt"
	"math"
	"time"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
)

// Idle times that no configuration changes.
const (
	timerICMP  = 60 * time.Second
	timerOther = 600 * time.Second
)

// sctpTimers are FortiOS's for SCTP, by state; established is session-ttl's.
var sctpTimers = [...]time.Duration{
	sctp.None: 60 * time.Second, sctp.Closed: 10 * time.Second, sctp.CookieWait: 5 * time.Second, sctp.CookieEchoed: 10 * time.Second,
	sctp.ShutdownSent: 30 * time.Second, sctp.ShutdownRecd: 30 * time.Second, sctp.ShutdownAckSent: 3 * time.Second,
}

// timers are the idle times that a service object may have of its own.
type timers struct {
	halfOpen, halfClose, timeWait, reset, udpIdle time.Duration
}

// clocks is what a configuration says about idle times. A session keeps numbers
// into sets and ttls; number 0 is the box's own.
type clocks struct {
	sets     []timers
	ttls     []time.Duration
	ports    [256][]portTTL
	policies map[uint32]uint16 // session-ttl by policy id, where there is one
	services map[uint32]clock  // by the number of the service's name, likewise
}

// portTTL is an entry of system session-ttl.
type portTTL struct {
	low, high uint16
	ttl       uint16
	still     uint8
}

// clock is what rules the life of one session, or the part that a service has in
// it.
type clock struct {
	timers, ttl uint16
	still       uint8
	udp         bool // the service's udp-idle-timer comes before any session-ttl
}

// stills are the words of refresh-direction as directions that do not refresh.
var stills = map[string]uint8{"outgoing": 1 << packet.Reply, "incoming": 1 << packet.Original}

func compileClocks(cfg *config.Config, names *Names) (*clocks, error) {
	g := &cfg.Global
	base := timers{
		halfOpen: seconds(g.TCPHalfOpenTimer), halfClose: seconds(g.TCPHalfCloseTimer),
		timeWait: seconds(g.TCPTimeWaitTimer), reset: seconds(g.TCPRSTTimer), udpIdle: seconds(g.UDPIdleTimer),
	}
	c := &clocks{
		sets: []timers{base}, ttls: []time.Duration{seconds(cfg.SessionTTL.Default)},
		policies: map[uint32]uint16{}, services: map[uint32]clock{},
	}
	setNumbers, ttlNumbers := map[timers]int{base: 0}, map[uint32]int{}
	// Number 0 stands for no session-ttl at all: even an equal one has its own.
	ttl := func(n uint32) uint16 {
		if n == 0 {
			return 0
		}
		return numbered(&c.ttls, ttlNumbers, n, seconds(n))
	}
	for _, p := range cfg.SessionTTL.Ports {
		e := portTTL{low: p.StartPort, high: p.EndPort, ttl: ttl(p.Timeout), still: stills[p.RefreshDirection]}
		if !p.HasPorts() {
			e.low, e.high = 0, math.MaxUint16
		}
		c.ports[p.Protocol] = append(c.ports[p.Protocol], e)
	}
	for _, p := range cfg.Policies {
		if p.SessionTTL != 0 {
			c.policies[p.PolicyID] = ttl(p.SessionTTL)
		}
	}
	for _, s := range cfg.Services {
		own := base.with(s)
		of := clock{timers: numbered(&c.sets, setNumbers, own, own), ttl: ttl(s.SessionTTL), udp: s.UDPIdleTimer != 0}
		if of != (clock{}) {
			c.services[names.ServiceNumber(s.Name)] = of
		}
	}
	if n := max(len(c.sets), len(c.ttls)); n > math.MaxUint16 {
		return nil, fmt.Errorf("system session-ttl: %d different timers: expected at most %d", n, math.MaxUint16)
	}
	return c, nil
}

// with is t with the timers that s has of its own.
func (t timers) with(s *config.Service) timers {
	for to, n := range map[*time.Duration]uint32{
		&t.halfOpen: s.TCPHalfOpenTimer, &t.halfClose: s.TCPHalfCloseTimer,
		&t.timeWait: s.TCPTimeWaitTimer, &t.reset: s.TCPRSTTimer, &t.udpIdle: s.UDPIdleTimer,
	} {
		if n != 0 {
			*to = seconds(n)
		}
	}
	return t
}

// numbered is the number of v in all, where it is put if it is new.
func numbered[K comparable, V any](all *[]V, numbers map[K]int, k K, v V) uint16 {
	n, ok := numbers[k]
	if !ok {
		n = len(*all)
		numbers[k] = n
		*all = append(*all, v)
	}
	return uint16(n)
}

func seconds(n uint32) time.Duration {
	if n == config.Never {
		return session.Never
	}
	return time.Duration(n) * time.Second
}

// of is what rules the life of a flow that a policy admits by a service object:
// of session-ttl the service's, else the policy's, else that of the port.
func (c *clocks) of(key *packet.Key, policy, object uint32) clock {
	var life clock
	for _, p := range c.ports[key.Proto] {
		if p.low <= key.DstPort && key.DstPort <= p.high {
			life.ttl, life.still = p.ttl, p.still
			break
		}
	}
	if len(c.policies) != 0 {
		if ttl := c.policies[policy]; ttl != 0 {
			life.ttl = ttl
		}
	}
	if len(c.services) != 0 {
		s := c.services[object]
		life.timers = s.timers
		switch {
		case s.udp && key.Proto == packet.ProtoUDP:
			life.ttl = 0
		case s.ttl != 0:
			life.ttl = s.ttl
		}
	}
	return life
}

// set makes c the clock of s and gives s the idle time of its state.
func (c *clocks) set(s *session.Session, life clock) {
	s.Timers, s.TTL, s.Still = life.timers, life.ttl, life.still
	s.SetTimeout(c.idle(s))
}

// idle is how long s may be idle in its state.
func (c *clocks) idle(s *session.Session) time.Duration {
	switch proto := s.Key[packet.Original].Proto; {
	case proto == packet.ProtoTCP:
		return c.idleTCP(s)
	case proto == packet.ProtoSCTP && sctp.State(s.State) != sctp.Established:
		return sctpTimers[s.State]
	case s.TTL != 0 || proto == packet.ProtoSCTP:
		return c.ttls[s.TTL]
	case proto == packet.ProtoUDP:
		return c.sets[s.Timers].udpIdle
	case proto == packet.ProtoICMP || proto == packet.ProtoICMPv6:
		return timerICMP
	}
	return timerOther
}

func (c *clocks) idleTCP(s *session.Session) time.Duration {
	t := &c.sets[s.Timers]
	switch s.State {
	case session.StateEstablished:
		return c.ttls[s.TTL]
	case session.StateFinWait, session.StateCloseWait, session.StateLastAck:
		return t.halfClose
	case session.StateTimeWait:
		return t.timeWait
	case session.StateClose:
		return t.reset
	}
	return t.halfOpen
}
