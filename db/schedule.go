package db

import "time"

// End says when an interaction ends: at a time, or after a number of minutes. If both are nil, the end is open.
type End struct {
	Time    *time.Time
	Minutes *int
}

const (
	// maxMinutes is a year.
	maxMinutes = 365 * 24 * 60
	day        = 24 * time.Hour
)

// schedule validates when an interaction starts and ends, and sets it. An interaction of whole days covers every day, in the
// offset that the client wrote, that it touches; it starts and ends at midnight UTC, as days have no time zone.
func (p *Problems) schedule(i *Interaction, start time.Time, end *End) {
	if i.AllDay {
		start = midnight(start)
	}
	p.time("startTime", start)
	i.StartTime = start.UTC()
	i.EndTime = p.end(i.StartTime, end, i.AllDay)
}

// reschedule changes when an interaction starts and ends. An end that isn't given moves with the start.
func (p *Problems) reschedule(i *Interaction, c InteractionChanges) {
	if c.StartTime == nil && c.End == nil && (c.AllDay == nil || *c.AllDay == i.AllDay) {
		return
	}
	if c.AllDay != nil {
		i.AllDay = *c.AllDay
	}
	start, end := i.StartTime, c.End
	if c.StartTime != nil {
		start = *c.StartTime
	}
	if end != nil || i.EndTime == nil {
		p.schedule(i, start, end)
		return
	}
	if i.AllDay {
		start = midnight(start)
	}
	moved := i.EndTime.Add(start.Sub(i.StartTime))
	if i.AllDay {
		moved = nextMidnight(moved)
	}
	p.time("startTime", start)
	p.lastDay("startTime", moved, i.AllDay)
	i.StartTime = start.UTC()
	i.EndTime = &moved
}

// end validates when an interaction that starts at a time ends, and returns it, nil if the end is open.
func (p *Problems) end(start time.Time, end *End, allDay bool) *time.Time {
	var ends time.Time
	path := "endTime"
	switch {
	case end != nil && end.Time != nil && end.Minutes != nil:
		p.Add("durationMinutes", "must not be given together with endTime")
		return nil
	case end != nil && end.Time != nil:
		ends = *end.Time
	case end != nil && end.Minutes != nil:
		if *end.Minutes < 1 || *end.Minutes > maxMinutes {
			p.Add("durationMinutes", "must be from 1 to %d, not %d", maxMinutes, *end.Minutes)
			return nil
		}
		path, ends = "durationMinutes", start.Add(time.Duration(*end.Minutes)*time.Minute)
	case allDay:
		path, ends = "startTime", start.Add(day)
	default:
		return nil
	}
	if allDay {
		ends = nextMidnight(ends)
	}
	switch {
	case ends.Before(start):
		p.Add(path, "must not be before startTime")
	case allDay && ends.Equal(start):
		ends = start.Add(day) // the end names the only day itself
	}
	p.lastDay(path, ends, allDay)
	ends = ends.UTC()
	return &ends
}

// lastDay validates that an end is within the bounds. The end of an interaction of whole days isn't part of it.
func (p *Problems) lastDay(path string, ends time.Time, allDay bool) {
	if ends.After(latest) || (!allDay && ends.Equal(latest)) {
		p.Add(path, "must leave the end in the years %d to %d", earliest.Year(), latest.Year()-1)
	}
}

// midnight returns the midnight, in UTC, that begins the day of a time in its own offset.
func midnight(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// nextMidnight returns the midnight that ends the day of a time in its own offset: the time itself if it is one.
func nextMidnight(t time.Time) time.Time {
	begins := midnight(t)
	if hour, minute, second := t.Clock(); hour == 0 && minute == 0 && second == 0 && t.Nanosecond() == 0 {
		return begins
	}
	return begins.Add(day)
}
