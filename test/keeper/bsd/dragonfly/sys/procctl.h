/* None of its requests, as on DragonFly before 6.0: so probes hold on to the keeper by pipe L. */
