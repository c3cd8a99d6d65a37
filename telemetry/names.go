package telemetry

// Names resolves the numbers in an event. The traffic log's goroutine calls it,
// while the engine may have moved on to another configuration; a number that
// means nothing any more is answered with "".
type Names interface {
	Interface(index uint16) string
	Service(number uint32) string
	Policy(id uint32) string
	Helper(number uint8) string
	Pool(number uint16) string
	Why(number uint16) string
}
