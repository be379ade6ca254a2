{#
    The cooling law in integer arithmetic.

    An event of `degrees` on `day` adds the integer
        round(degrees * 2 ^ ((day - epoch) / half_life_days + 50))
    and a sum of such integers is worth, on day t,
        round(sum * 2 ^ (-50 - (t - epoch) / half_life_days), 9) degrees.
    Integers are summed because sums of doubles depend on their order.
#}

{% macro heat_dimensions() %}
    {{ return(['transactions', 'contribution', 'intent', 'communication', 'feedback']) }}
{% endmacro %}

{# What one degree on `day` adds to the integer sum; multiply, then round. #}
{% macro heat_weight(day) -%}
    pow(cast(2 as double), cast({{ days_between('epoch', day) }} as double) / half_life_days + 50)
{%- endmacro %}

{# The integer that degrees of a given weight add to a sum. #}
{% macro heat_integer(degrees, weight) -%}
    cast(round(cast({{ degrees }} as double) * {{ weight }}) as decimal(38, 0))
{%- endmacro %}

{# What an event adds to the sum of all its dimensions. #}
{% macro total_integer(weight) -%}
    {%- for dimension in heat_dimensions() %}
        {{ heat_integer(dimension, weight) }}{{ ' +' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
    In degrees, how far the heat may be from the sum of all dimensions times its decay, which rounds once:
    five roundings of half a billionth, and the last bits of doubles. A data test holds that no dimension exceeds
    a million degrees, beyond which those bits count.
#}
{% macro heat_margin() -%}
    cast(0.00000001 as double)
{%- endmacro %}

{# What one unit of the integer sum is worth in degrees on `day`. #}
{% macro heat_decay(day) -%}
    pow(cast(2 as double), -50 - cast({{ days_between('epoch', day) }} as double) / half_life_days)
{%- endmacro %}

{# One dimension's heat on `day`, from its running sum `<prefix><dimension>`. #}
{% macro dimension_heat(dimension, day, prefix='sum_') -%}
    cast(round(cast({{ prefix }}{{ dimension }} as double) * {{ heat_decay(day) }}, 9) as decimal(18, 9))
{%- endmacro %}

{# The heat on `day`: the sum of the rounded dimensions. #}
{% macro total_heat(day, prefix='sum_') -%}
    (
        {%- for dimension in heat_dimensions() %}
        {{ dimension_heat(dimension, day, prefix) }}{{ ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
