package replay

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"portcullis/config"
	"portcullis/dataplane/pcap"
	"portcullis/engine"
	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Options say what captures are replayed against.
type Options struct {
	// Config is the configuration; nil allows everything (see Open).
	Config *config.Config
	// In is the interface that all frames arrive by; "" leaves it to the routes.
	In string
	// Helpers are further entries of the session helper table. They go before
	// those of the configuration.
	Helpers []Binding
	// Emit is told what happens. It borrows the event.
	Emit func(*Event)
}

// Binding binds a helper to a protocol and port.
type Binding struct {
	Helper string
	Proto  uint8
	Port   uint16
}

// Player replays captures, one after another, through one engine.
type Player struct {
	emit   func(*Event)
	names  *engine.Names
	rules  *engine.Ruleset
	worker *engine.Worker
	open   bool   // everything is allowed: there is no policy or interface to tell of
	in     uint16 // where no route tells
	fixed  bool   // and where one does

	start   time.Time // of the first frame
	now     session.Tick
	ticked  session.Tick
	file    string
	frame   int
	slot    [1]engine.Slot
	buf     []byte
	sums    sums
	sides   sides
	early   early
	summary Summary
}

// maxSessions bounds the session table where everything is allowed: its index is
// made at its full size.
const maxSessions = 1 << 18

// New makes a player.
func New(o Options) (*Player, error) {
	cfg, open := o.Config, o.Config == nil
	var err error
	if open {
		if cfg, err = Open(); err != nil {
			return nil, err
		}
	}
	if cfg, err = withHelpers(cfg, o.Helpers); err != nil {
		return nil, err
	}
	cfg.LogSetting.HelperExpectation = true // the engine tells of refusals where they are logged
	p := &Player{emit: o.Emit, open: open, names: engine.NewNames(), sums: sums{}, buf: make([]byte, 0, 64<<10), sides: newSides()}
	if p.emit == nil {
		p.emit = func(*Event) {}
	}
	inv := engine.Inventory{}
	mtu := 65535
	for _, i := range cfg.Interfaces {
		link := engine.Link{MTU: 1500}
		if i.MTUOverride {
			link.MTU = i.MTU
		}
		inv[i.Name] = link
		mtu = min(mtu, link.MTU)
	}
	p.sums.mtu = mtu
	if p.rules, err = engine.Compile(cfg, inv, p.names, 1); err != nil {
		return nil, err
	}
	if err := p.arriveBy(cfg, o.In); err != nil {
		return nil, err
	}
	options := engine.Options{Seed: 1, Sink: p, Names: p.names, AnyAddress: open}
	if open {
		options.MaxSessions = maxSessions
	}
	p.worker = engine.NewWorker(p.rules, 0, options)
	p.summary.Drops = map[string]int{}
	p.summary.Links = map[string]int{}
	return p, nil
}

// arriveBy chooses the interface of frames that no route tells about.
func (p *Player) arriveBy(cfg *config.Config, name string) error {
	var all []string
	for _, i := range cfg.Interfaces {
		all = append(all, i.Name)
	}
	switch {
	case len(all) == 0:
		return errors.New("system interface: expected at least one for frames to arrive by")
	case name == "":
		p.in = p.names.InterfaceIndex(all[0])
	case !slices.Contains(all, name):
		return fmt.Errorf("interface %q: not configured: expected one of %s", name, strings.Join(all, ", "))
	default:
		p.in, p.fixed = p.names.InterfaceIndex(name), true
	}
	return nil
}

// withHelpers is a copy of cfg with further entries of the session helper table.
func withHelpers(cfg *config.Config, more []Binding) (*config.Config, error) {
	own := *cfg
	own.Helpers = nil
	for _, b := range more {
		h := helpers.Lookup(b.Helper)
		if h == nil {
			return nil, fmt.Errorf("helper %q: not built in: expected one of %s", b.Helper, builtIn())
		}
		if !slices.Contains(h.Protocols, b.Proto) {
			return nil, fmt.Errorf("helper %q does not read protocol %d: expected %s", b.Helper, b.Proto, strings.Trim(fmt.Sprint(h.Protocols), "[]"))
		}
		own.Helpers = append(own.Helpers, &config.SessionHelper{Name: b.Helper, Protocol: b.Proto, Port: b.Port, Status: true})
	}
	own.Helpers = append(own.Helpers, cfg.Helpers...)
	return &own, nil
}

func builtIn() string {
	var names []string
	for _, h := range helpers.All() {
		names = append(names, h.Name)
	}
	return strings.Join(names, ", ")
}

// Play replays one capture, in the time that goes on from the one before. Where the
// file is broken, what came before that has been played.
func (p *Player) Play(name string, r io.Reader) error {
	p.summary.Files++
	in, err := pcap.NewReader(name, r)
	if err != nil {
		return err
	}
	var f pcap.Frame
	for {
		if err := in.Next(&f); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		p.summary.Frames++
		p.pass(f.Time)
		p.file, p.frame = name, f.Number
		p.arrive(&f)
		p.again()
	}
}

const (
	tickEvery = 100 * time.Millisecond // as a dataplane does
	// maxTicks bounds the steps in which a gap between two frames is passed: over
	// a gap of days, timers are seconds late.
	maxTicks = 10_000
	// maxTime bounds the time of a replay: clocks that were never set make gaps of
	// decades.
	maxTime = 100 * 365 * 24 * time.Hour
)

// pass lets time pass until a frame. It never runs backwards, as it may in files
// of several interfaces.
func (p *Player) pass(at time.Time) {
	switch {
	case at.IsZero():
		return
	case p.start.IsZero():
		p.start = at
	}
	to := session.Tick(max(-maxTime, min(at.Sub(p.start), maxTime)))
	if p.now.Sub(to) >= time.Second {
		p.summary.Late++
	}
	p.now = max(p.now, to)
	step := max(tickEvery, p.now.Sub(p.ticked)/maxTicks)
	for p.now.Sub(p.ticked) >= step {
		p.tick(p.ticked.Add(step))
	}
	if p.now.Sub(p.ticked) >= tickEvery {
		p.tick(p.now)
	}
}

func (p *Player) tick(now session.Tick) {
	p.ticked = now
	for p.worker.Tick(now) {
	}
}

// arrive is the way of one frame.
func (p *Player) arrive(f *pcap.Frame) {
	var ok bool
	if p.buf, ok = pcap.Ethernet(p.buf[:0], f); !ok {
		p.summary.Links[f.Link.String()]++
		return
	}
	s := &p.slot[0]
	s.Renew()
	isCut := f.Length > len(f.Data)
	if isCut {
		p.summary.Cut++
	}
	s.In = p.in
	why := p.sums.parse(&s.Packet, p.buf, isCut)
	switch {
	case why != packet.ReasonNone:
		p.worker.Count(why, 1)
		p.dropped(&s.Packet, why)
		return
	case s.Kind == packet.KindARP || isND(&s.Packet):
		p.summary.Neighbour++
		return
	}
	if !p.cross(s) {
		p.summary.Sent++
		return
	}
	key, routed := s.Key, p.enter(s)
	p.worker.Quick(p.now, p.slot[:])
	p.worker.Process(p.now, p.slot[:])
	p.sides.mapped = false
	s.Key = key // of a packet that was turned around it is another
	if s.Verdict == engine.Drop && s.Reason == packet.ReasonHelperGap && !isCut {
		if p.early.keep(p.file, f, key, p.now) {
			return // it was dropped before
		}
	}
	p.judge(s, isCut)
	p.fit(s, routed)
}

// enter chooses the interface that s arrives by. It reports false where no route
// tells, nor --in.
func (p *Player) enter(s *engine.Slot) bool {
	in, ok := p.rules.Behind(s.Key.Src)
	if ok && !p.fixed {
		s.In = in
	}
	return ok || p.fixed
}

// fit notes packets that are not of the configuration's networks.
func (p *Player) fit(s *engine.Slot, routed bool) {
	k := &s.Key
	switch {
	case p.open || s.Verdict != engine.Drop || k.Dst.IsMulticast() || k.Dst.IsBroadcast() || k.Src.IsUnspecified():
	case !routed:
		p.summary.NoRoute = p.summary.NoRoute.add(p.frame, k, p.port(s.In))
	case p.rules.OneSide(k.Src, k.Dst):
		p.summary.OneSide = p.summary.OneSide.add(p.frame, k, p.port(s.In))
	}
}

// isND says whether p is neighbour discovery, which a port answers itself.
func isND(p *packet.Packet) bool {
	return p.Kind == packet.KindIPv6 && !p.Frag && p.Key.Proto == packet.ProtoICMPv6 && p.ICMPType >= 133 && p.ICMPType <= 137
}

// judge tells what became of a packet.
func (p *Player) judge(s *engine.Slot, isCut bool) {
	switch s.Verdict {
	case engine.Drop:
		why := s.Reason
		if isCut && (why == packet.ReasonBadChecksum || why == packet.ReasonHelperBadChecksum) {
			why = packet.ReasonTruncated
		}
		p.dropped(&s.Packet, why)
	case engine.Hold:
		p.summary.Held++
	case engine.Answer:
		p.summary.Answered++
	default:
		p.summary.Forwarded++
	}
}

// dropped reports that a frame died.
func (p *Player) dropped(q *packet.Packet, why packet.Reason) {
	p.summary.Dropped++
	p.summary.Drops[why.String()]++
	e := p.event(Drop)
	e.Reason = why.String()
	if q.Kind == packet.KindIPv4 || q.Kind == packet.KindIPv6 {
		e.In = p.port(q.In)
		e.flow(&q.Key, q.Frag)
		if q.Frag {
			e.Dport = nil
		}
	}
	p.emit(e)
}

// port is the name of an interface, where there is any to tell of.
func (p *Player) port(i uint16) string {
	if p.open {
		return ""
	}
	return p.names.Interface(i)
}

// event begins an event of this moment.
func (p *Player) event(kind Kind) *Event {
	return &Event{Kind: kind, File: p.file, Frame: p.frame, Time: seconds(time.Duration(p.now))}
}

// Close ends the replay: it returns what there is to say in sum.
func (p *Player) Close() Summary {
	s := p.summary
	st := p.worker.Stats()
	s.Kind = "summary"
	s.Seconds = seconds(time.Duration(p.now))
	s.Live, s.Waiting = st.Sessions, st.Expectations
	s.Refused = st.Refused
	s.Completed = p.sums.completed
	s.Resent = p.early.resent
	return s
}
