package engine

import (
	"fmt"
	"math"
	"time"

	"portcullis/config"
	"portcullis/handover"
)

// profile is what limits a helper's announcements in one session: what a session
// helper entry has beside its helper. A session keeps the number of its own, which
// means the same under every ruleset; the zero value, number 0, limits nothing.
type profile struct {
	dataPorts string // ports that children may come to: 4 bytes for each range; "": any
	tls       config.PortSpan
	tlsLimit  uint32 // sessions at a time through tls
	expects   uint32 // outstanding for one control session; 0: as the helper has it
	lifetime  uint32 // seconds that an expectation waits; 0: as the helper has it
}

// profileOf is what an entry says.
func profileOf(e *config.SessionHelper) profile {
	p := profile{tls: e.TLSDataPorts, expects: e.MaxExpectations, lifetime: e.Lifetime}
	if p.tls != (config.PortSpan{}) {
		p.tlsLimit = e.TLSDataLimit
	}
	for _, s := range e.DataPorts {
		p.dataPorts += ports(s.Low, s.High)
	}
	return p
}

// ports spells a range of ports in a profile.
func ports(low, high uint16) string {
	return string([]byte{byte(low >> 8), byte(low), byte(high >> 8), byte(high)})
}

// admits says whether a child may come to a port.
func (p *profile) admits(port uint16) bool {
	for s := p.dataPorts; s != ""; s = s[4:] {
		if uint16(s[0])<<8|uint16(s[1]) <= port && port <= uint16(s[2])<<8|uint16(s[3]) {
			return true
		}
	}
	return p.dataPorts == ""
}

// wait is how long an expectation is to wait where the helper would have it wait
// for d.
func (p *profile) wait(d time.Duration) time.Duration {
	if p.lifetime != 0 {
		return time.Duration(p.lifetime) * time.Second
	}
	return d
}

// most is how many expectations may be outstanding where the helper would have n.
func (p *profile) most(n int) int {
	if p.expects != 0 {
		return int(min(p.expects, math.MaxInt32))
	}
	return n
}

// String is a part of an error message.
func (p profile) String() string {
	return fmt.Sprintf("with %d data-ports and tls-data-ports %d-%d", len(p.dataPorts)/4, p.tls.Low, p.tls.High)
}

// profileNumber is the number of a profile; it gets one where it has none.
func (n *Names) profileNumber(p profile) (uint16, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.profiles.number(p, "limits of a session helper")
}

// allProfiles are the profiles that have numbers so far, by number. What is
// returned does not change.
func (n *Names) allProfiles() []profile {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.profiles.snapshot()
}

// handedOver is p for another process.
func (p *profile) handedOver() handover.Profile {
	h := handover.Profile{
		TLSDataPorts: handover.Span(p.tls), TLSDataLimit: p.tlsLimit, MaxExpectations: p.expects, Lifetime: p.lifetime,
	}
	for s := p.dataPorts; s != ""; s = s[4:] {
		h.DataPorts = append(h.DataPorts, handover.Span{Low: uint16(s[0])<<8 | uint16(s[1]), High: uint16(s[2])<<8 | uint16(s[3])})
	}
	return h
}

// inheritedProfile is what another process wrote.
func inheritedProfile(h *handover.Profile) profile {
	p := profile{tls: config.PortSpan(h.TLSDataPorts), tlsLimit: h.TLSDataLimit, expects: h.MaxExpectations, lifetime: h.Lifetime}
	for _, s := range h.DataPorts {
		p.dataPorts += ports(s.Low, s.High)
	}
	return p
}
