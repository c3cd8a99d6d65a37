package helpers

import "portcullis/packet"

// Offset tells how the sequence numbers of one direction are moved: by Before
// bytes up to original position Pos, by After from there on. It is the newest
// rewrite; zero where none was ever made.
type Offset struct {
	Pos           uint32
	Before, After int32
}

// Offset is how the sequence numbers of direction dir are moved now.
func (c *Control) Offset(dir packet.Dir) Offset {
	f := &c.dirs[dir].fix
	if f.idle() {
		return Offset{}
	}
	o := Offset{Pos: f.acked, Before: int32(f.base), After: int32(f.base)}
	for i := range f.n {
		e := &f.list[i]
		o.Pos, o.Before, o.After = e.seq, o.After, o.After+int32(e.grow())
	}
	return o
}
