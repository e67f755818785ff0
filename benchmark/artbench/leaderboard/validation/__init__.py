"""Whether records that somebody else has written can be what they say; whoever wrote them may be anybody."""
