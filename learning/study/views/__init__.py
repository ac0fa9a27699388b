"""Pages of study: the learner's own, the player, the teacher's desk."""
