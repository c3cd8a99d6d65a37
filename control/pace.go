package control

import "time"

// A walk through a great table works for stint and rests twice as long, over and
// over: on a machine with few cores the packets' workers need what it leaves. A
// walk of a few thousand sessions ends before its first rest.
const (
	stint = 2 * time.Millisecond
	rest  = 2 * stint
)

// pacer tells a walk when to rest.
type pacer struct{ began time.Time }

// pause is called between pages.
func (p *pacer) pause() {
	now := time.Now()
	if p.began.IsZero() {
		p.began = now
	}
	if now.Sub(p.began) >= stint {
		time.Sleep(rest)
		p.began = time.Now()
	}
}
