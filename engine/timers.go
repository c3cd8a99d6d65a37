package engine

import (
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
	timerClear = 10 * time.Second // of a call of PPTP that an end has cleared
)

// sctpTimers are FortiOS's for SCTP, by state; established is session-ttl's.
var sctpTimers = [...]time.Duration{
	sctp.None: 60 * time.Second, sctp.Closed: 10 * time.Second, sctp.CookieWait: 5 * time.Second, sctp.CookieEchoed: 10 * time.Second,
	sctp.ShutdownSent: 30 * time.Second, sctp.ShutdownRecd: 30 * time.Second, sctp.ShutdownAckSent: 3 * time.Second,
}

// timers are the idle times that a service object may have of its own.
type timers struct {
	halfOpen, halfClose, timeWait, reset, udpIdle time.Duration
	udpOneWay                                     time.Duration // of the whole box
}

// ttl is a session-ttl that somebody gave, or the default that stands in for it
// where nobody did. Only TCP and SCTP have the default.
type ttl struct {
	idle  time.Duration
	given bool
}

// String is a part of an error message.
func (t ttl) String() string { return t.idle.String() }

// clocks is what a configuration says about idle times. A session keeps numbers
// into sets and ttls. They are those of the register, so that they mean the same
// under the next ruleset: see Names.
type clocks struct {
	sets     []timers
	ttls     []ttl
	base     clock // where nothing else is said
	ports    [256][]portTTL
	policies map[uint32]uint16     // session-ttl by policy id, where there is one
	services map[uint32]serviceOwn // by the number of the service's name, likewise
}

// portTTL is an entry of system session-ttl.
type portTTL struct {
	low, high uint16
	ttl       uint16
	still     uint8
}

// clock is what rules the life of one session.
type clock struct {
	timers, ttl uint16
	still       uint8
}

// serviceOwn is the part that a service has in a clock.
type serviceOwn struct {
	timers, ttl uint16
	given       bool // it has a session-ttl
	udp         bool // its udp-idle-timer comes before any session-ttl
}

// stills are the words of refresh-direction as directions that do not refresh.
var stills = map[string]uint8{"outgoing": 1 << packet.Reply, "incoming": 1 << packet.Original}

func compileClocks(cfg *config.Config, names *Names) (*clocks, error) {
	g := &cfg.Global
	base := timers{
		halfOpen: seconds(g.TCPHalfOpenTimer), halfClose: seconds(g.TCPHalfCloseTimer),
		timeWait: seconds(g.TCPTimeWaitTimer), reset: seconds(g.TCPRSTTimer), udpIdle: seconds(g.UDPIdleTimer),
		udpOneWay: seconds(g.UDPOneWayTimer),
	}
	c := &clocks{policies: map[uint32]uint16{}, services: map[uint32]serviceOwn{}}
	var err error
	if c.base.timers, err = names.timersNumber(base); err != nil {
		return nil, err
	}
	if c.base.ttl, err = names.ttlNumber(ttl{idle: seconds(cfg.SessionTTL.Default)}); err != nil {
		return nil, err
	}
	for _, p := range cfg.SessionTTL.Ports {
		e := portTTL{low: p.StartPort, high: p.EndPort, still: stills[p.RefreshDirection]}
		if e.ttl, err = names.ttlNumber(ttl{seconds(p.Timeout), true}); err != nil {
			return nil, err
		}
		if !p.HasPorts() {
			e.low, e.high = 0, math.MaxUint16
		}
		c.ports[p.Protocol] = append(c.ports[p.Protocol], e)
	}
	for _, p := range cfg.Policies {
		if p.SessionTTL == 0 {
			continue
		}
		if c.policies[p.PolicyID], err = names.ttlNumber(ttl{seconds(p.SessionTTL), true}); err != nil {
			return nil, err
		}
	}
	for _, s := range cfg.Services {
		if err := c.service(s, base, names); err != nil {
			return nil, err
		}
	}
	c.sets, c.ttls = names.clocks()
	return c, nil
}

// service enters what s has of its own, if there is anything.
func (c *clocks) service(s *config.Service, base timers, names *Names) error {
	own := serviceOwn{given: s.SessionTTL != 0, udp: s.UDPIdleTimer != 0}
	var err error
	if own.timers, err = names.timersNumber(base.with(s)); err != nil {
		return err
	}
	if own.given {
		if own.ttl, err = names.ttlNumber(ttl{seconds(s.SessionTTL), true}); err != nil {
			return err
		}
	}
	if own != (serviceOwn{timers: c.base.timers}) {
		c.services[names.ServiceNumber(s.Name)] = own
	}
	return nil
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

func seconds(n uint32) time.Duration {
	if n == config.Never {
		return session.Never
	}
	return time.Duration(n) * time.Second
}

// of is what rules the life of a flow that a policy admits by a service object:
// of session-ttl the service's, else the policy's, else that of the port.
func (c *clocks) of(key *packet.Key, policy, object uint32) clock {
	life := c.base
	for _, p := range c.ports[key.Proto] {
		if p.low <= key.DstPort && key.DstPort <= p.high {
			life.ttl, life.still = p.ttl, p.still
			break
		}
	}
	if len(c.policies) != 0 {
		if ttl, ok := c.policies[policy]; ok {
			life.ttl = ttl
		}
	}
	if len(c.services) != 0 {
		s, ok := c.services[object]
		if ok {
			life.timers = s.timers
		}
		switch {
		case s.udp && key.Proto == packet.ProtoUDP:
			life.ttl = c.base.ttl
		case s.given:
			life.ttl = s.ttl
		}
	}
	return life
}

// set makes c the clock of s and gives s the idle time of its state.
func (c *clocks) set(s *session.Session, life clock) {
	s.Timers, s.TTL, s.Still = life.timers, life.ttl, life.still
	if s.IsCall() && s.Call().Over {
		s.Still = 1<<packet.Original | 1<<packet.Reply
	}
	s.SetTimeout(c.idle(s))
}

// idle is how long s may be idle in its state.
func (c *clocks) idle(s *session.Session) time.Duration {
	switch proto := s.Key[packet.Original].Proto; {
	case proto == packet.ProtoTCP:
		return c.idleTCP(s)
	case proto == packet.ProtoGRE && s.Call().On: // its control session tells when it is over
		if s.Call().Over {
			return timerClear
		}
		return session.Never
	case proto == packet.ProtoSCTP && sctp.State(s.State) != sctp.Established:
		return sctpTimers[s.State]
	case c.ttls[s.TTL].given || proto == packet.ProtoSCTP:
		return c.ttls[s.TTL].idle
	case proto == packet.ProtoUDP:
		t := &c.sets[s.Timers]
		if !s.Replied && t.udpOneWay != 0 {
			return min(t.udpOneWay, t.udpIdle)
		}
		return t.udpIdle
	case proto == packet.ProtoICMP || proto == packet.ProtoICMPv6:
		return timerICMP
	}
	return timerOther
}

func (c *clocks) idleTCP(s *session.Session) time.Duration {
	t := &c.sets[s.Timers]
	switch s.State {
	case session.StateEstablished:
		return c.ttls[s.TTL].idle
	case session.StateFinWait, session.StateCloseWait, session.StateLastAck:
		return t.halfClose
	case session.StateTimeWait:
		return t.timeWait
	case session.StateClose:
		return t.reset
	}
	return t.halfOpen
}
